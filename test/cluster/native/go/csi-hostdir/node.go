package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type node struct {
	csi.UnimplementedNodeServer
	store *store
	name  string
}

func (n *node) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: n.name}, nil
}

func (*node) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	return &csi.NodeGetCapabilitiesResponse{}, nil
}

func isMountPoint(path string) bool { return exec.Command("mountpoint", "--quiet", path).Run() == nil }

func mount(args ...string) error {
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	return nil
}

func (n *node) NodePublishVolume(_ context.Context, r *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	if r.VolumeId == "" || r.TargetPath == "" || r.VolumeCapability == nil {
		return nil, status.Error(codes.InvalidArgument, "volume id, target path or capability is missing")
	}
	if err := checkCapabilities([]*csi.VolumeCapability{r.VolumeCapability}); err != nil {
		return nil, err
	}
	if err := mustExist(n.store.volumes, "volume", r.VolumeId); err != nil {
		return nil, err
	}
	return &csi.NodePublishVolumeResponse{}, asInternal(n.publish(r))
}

func (n *node) publish(r *csi.NodePublishVolumeRequest) error {
	if err := os.MkdirAll(r.TargetPath, 0o750); err != nil {
		return err
	}
	if isMountPoint(r.TargetPath) {
		return nil
	}
	if err := mount("--bind", n.store.volumes.data(r.VolumeId), r.TargetPath); err != nil {
		return err
	}
	if r.Readonly {
		return mount("--options", "remount,bind,ro", r.TargetPath)
	}
	return nil
}

func (*node) NodeUnpublishVolume(_ context.Context, r *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if r.VolumeId == "" || r.TargetPath == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id or target path is missing")
	}
	if isMountPoint(r.TargetPath) {
		if out, err := exec.Command("umount", r.TargetPath).CombinedOutput(); err != nil {
			return nil, status.Errorf(codes.Internal, "umount: %v: %s", err, out)
		}
	}
	// Remove, not RemoveAll: should a mount still be there, the volume's data must not be deleted through it.
	if err := os.Remove(r.TargetPath); err != nil && !os.IsNotExist(err) {
		return nil, internal(err)
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}
