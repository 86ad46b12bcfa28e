package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type node struct {
	csi.UnimplementedNodeServer
	store  *store
	medium medium
	name   string
}

func (n *node) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: n.name}, nil
}

func (n *node) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	response := &csi.NodeGetCapabilitiesResponse{}
	if !n.medium.canExpand() {
		return response, nil
	}
	for _, kind := range []csi.NodeServiceCapability_RPC_Type{
		csi.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME,
		csi.NodeServiceCapability_RPC_EXPAND_VOLUME,
	} {
		rpc := &csi.NodeServiceCapability_RPC{Type: kind}
		response.Capabilities = append(response.Capabilities,
			&csi.NodeServiceCapability{Type: &csi.NodeServiceCapability_Rpc{Rpc: rpc}})
	}
	return response, nil
}

// check answers an error unless a call names everything that it must, and its volume exists.
func (n *node) check(volumeID string, capability *csi.VolumeCapability, paths ...string) error {
	if volumeID == "" || capability == nil {
		return status.Error(codes.InvalidArgument, "volume id or capability is missing")
	}
	for _, path := range paths {
		if path == "" {
			return status.Error(codes.InvalidArgument, "a path is missing")
		}
	}
	if err := checkCapabilities(n.medium, []*csi.VolumeCapability{capability}); err != nil {
		return err
	}
	return mustExist(n.store.volumes, "volume", volumeID)
}

func (n *node) NodeStageVolume(_ context.Context, r *csi.NodeStageVolumeRequest) (*csi.NodeStageVolumeResponse, error) {
	if err := n.check(r.VolumeId, r.VolumeCapability, r.StagingTargetPath); err != nil {
		return nil, err
	}
	err := n.medium.stage(n.store.volumes.data(r.VolumeId), r.StagingTargetPath, r.VolumeCapability)
	return &csi.NodeStageVolumeResponse{}, asInternal(err)
}

func (n *node) NodeUnstageVolume(_ context.Context, r *csi.NodeUnstageVolumeRequest) (*csi.NodeUnstageVolumeResponse, error) {
	if r.VolumeId == "" || r.StagingTargetPath == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id or staging path is missing")
	}
	err := n.medium.unstage(n.store.volumes.data(r.VolumeId), r.StagingTargetPath)
	return &csi.NodeUnstageVolumeResponse{}, asInternal(err)
}

func (n *node) NodeExpandVolume(_ context.Context, r *csi.NodeExpandVolumeRequest) (*csi.NodeExpandVolumeResponse, error) {
	if r.VolumeId == "" || r.VolumePath == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id or path is missing")
	}
	found, err := n.store.volumes.get(r.VolumeId)
	if err != nil {
		return nil, internal(err)
	}
	if found == nil {
		return nil, status.Errorf(codes.NotFound, "volume %s does not exist", r.VolumeId)
	}
	err = n.medium.expand(n.store.volumes.data(r.VolumeId), r.StagingTargetPath, r.VolumeCapability.GetBlock() != nil)
	return &csi.NodeExpandVolumeResponse{CapacityBytes: found.CapacityBytes}, asInternal(err)
}

func (n *node) NodePublishVolume(_ context.Context, r *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	if err := n.check(r.VolumeId, r.VolumeCapability, r.TargetPath); err != nil {
		return nil, err
	}
	return &csi.NodePublishVolumeResponse{}, asInternal(n.publish(r))
}

func (n *node) publish(r *csi.NodePublishVolumeRequest) error {
	block := r.VolumeCapability.GetBlock() != nil
	source, err := n.medium.published(n.store.volumes.data(r.VolumeId), r.StagingTargetPath, block)
	if err != nil {
		return err
	}
	if err := makeTarget(r.TargetPath, block); err != nil {
		return err
	}
	if is, err := isMountPoint(r.TargetPath); err != nil || is {
		return err
	}
	if err := mount("--bind", source, r.TargetPath); err != nil {
		return err
	}
	if r.Readonly {
		return mount("--options", "remount,bind,ro", r.TargetPath)
	}
	return nil
}

// makeTarget makes what is mounted over: a folder, or a file for a device.
func makeTarget(path string, block bool) error {
	if !block {
		return os.MkdirAll(path, 0o750)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o640)
	if err != nil {
		return err
	}
	return file.Close()
}

func (*node) NodeUnpublishVolume(_ context.Context, r *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if r.VolumeId == "" || r.TargetPath == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id or target path is missing")
	}
	if err := unmount(r.TargetPath); err != nil {
		return nil, internal(err)
	}
	// Remove, not RemoveAll: should a mount still be there, the volume's data must not be deleted through it.
	if err := os.Remove(r.TargetPath); err != nil && !os.IsNotExist(err) {
		return nil, internal(err)
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}
