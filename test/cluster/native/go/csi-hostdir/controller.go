package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const defaultCapacityBytes = 1 << 30

type controller struct {
	csi.UnimplementedControllerServer
	store    *store
	medium   medium
	creating sync.Map
}

func internal(err error) error { return status.Error(codes.Internal, err.Error()) }

// claim makes calls for one entry exclude each other: sidecars retry while a long copy still runs.
func (c *controller) claim(key string) (release func(), err error) {
	if _, busy := c.creating.LoadOrStore(key, true); busy {
		return nil, status.Errorf(codes.Aborted, "%s is being worked on", key)
	}
	return func() { c.creating.Delete(key) }, nil
}

func (c *controller) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	response := &csi.ControllerGetCapabilitiesResponse{}
	kinds := []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_CLONE_VOLUME,
	}
	if c.medium.canExpand() {
		kinds = append(kinds, csi.ControllerServiceCapability_RPC_EXPAND_VOLUME)
	}
	for _, kind := range kinds {
		rpc := &csi.ControllerServiceCapability_RPC{Type: kind}
		response.Capabilities = append(response.Capabilities,
			&csi.ControllerServiceCapability{Type: &csi.ControllerServiceCapability_Rpc{Rpc: rpc}})
	}
	return response, nil
}

func checkCapabilities(m medium, capabilities []*csi.VolumeCapability) error {
	if len(capabilities) == 0 {
		return status.Error(codes.InvalidArgument, "volume capabilities are missing")
	}
	for _, capability := range capabilities {
		if capability.GetBlock() != nil && !m.canBlock() {
			return status.Error(codes.InvalidArgument, "block volumes are not supported: volumes are folders")
		}
	}
	return nil
}

func capacityOf(wanted *csi.CapacityRange) int64 {
	if wanted.GetRequiredBytes() > 0 {
		return wanted.GetRequiredBytes()
	}
	if limit := wanted.GetLimitBytes(); limit > 0 && limit < defaultCapacityBytes {
		return limit
	}
	return defaultCapacityBytes
}

func fits(have int64, wanted *csi.CapacityRange) bool {
	limit := wanted.GetLimitBytes()
	return have >= wanted.GetRequiredBytes() && (limit == 0 || have <= limit)
}

func (c *controller) CreateVolume(_ context.Context, r *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if r.Name == "" {
		return nil, status.Error(codes.InvalidArgument, "name is missing")
	}
	if err := checkCapabilities(c.medium, r.VolumeCapabilities); err != nil {
		return nil, err
	}
	release, err := c.claim("volume " + r.Name)
	if err != nil {
		return nil, err
	}
	defer release()
	found, err := c.store.volumes.get(r.Name)
	if err != nil {
		return nil, internal(err)
	}
	if found == nil {
		return c.newVolume(r)
	}
	if !fits(found.CapacityBytes, r.CapacityRange) {
		return nil, status.Errorf(codes.AlreadyExists, "volume %s exists with %d bytes", r.Name, found.CapacityBytes)
	}
	return volumeResponse(r, found.CapacityBytes), nil
}

func volumeResponse(r *csi.CreateVolumeRequest, capacityBytes int64) *csi.CreateVolumeResponse {
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId: entryID(r.Name), CapacityBytes: capacityBytes, ContentSource: r.VolumeContentSource,
	}}
}

func (c *controller) newVolume(r *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	capacityBytes := c.medium.capacity(capacityOf(r.CapacityRange))
	if !fits(capacityBytes, r.CapacityRange) {
		return nil, status.Errorf(codes.OutOfRange, "no volume can have a size within the limit of %d bytes", r.CapacityRange.GetLimitBytes())
	}
	if err := c.fillVolume(r, capacityBytes); err != nil {
		return nil, err
	}
	created := record{Name: r.Name, CapacityBytes: capacityBytes, CreatedAt: time.Now()}
	if err := c.store.volumes.put(r.Name, created); err != nil {
		return nil, internal(err)
	}
	return volumeResponse(r, capacityBytes), nil
}

func (c *controller) fillVolume(r *csi.CreateVolumeRequest, capacityBytes int64) error {
	source, target := r.VolumeContentSource, c.store.volumes.data(r.Name)
	switch {
	case source.GetSnapshot() != nil:
		id := source.GetSnapshot().SnapshotId
		if err := mustHold(c.store.snapshots, "snapshot", id, capacityBytes); err != nil {
			return err
		}
		return asInternal(errors.Join(c.medium.copyResting(c.store.snapshots.data(id), target), c.medium.grow(target, capacityBytes)))
	case source.GetVolume() != nil:
		id := source.GetVolume().VolumeId
		if err := mustHold(c.store.volumes, "volume", id, capacityBytes); err != nil {
			return err
		}
		return asInternal(errors.Join(c.medium.copyStill(c.store.volumes.data(id), target), c.medium.grow(target, capacityBytes)))
	default:
		return asInternal(c.medium.create(target, capacityBytes))
	}
}

// mustHold answers an error unless the entry exists and fits into a volume of this capacity.
func mustHold(s shelf, kind, id string, capacityBytes int64) error {
	if err := mustExist(s, kind, id); err != nil {
		return err
	}
	found, err := s.get(id)
	if err != nil {
		return internal(err)
	}
	if found.CapacityBytes > capacityBytes {
		return status.Errorf(codes.OutOfRange, "%s %s has %d bytes, more than the new volume", kind, id, found.CapacityBytes)
	}
	return nil
}

// asInternal lets errors through that have a gRPC code of their own.
func asInternal(err error) error {
	if _, hasCode := status.FromError(err); hasCode {
		return err
	}
	return internal(err)
}

func mustExist(s shelf, kind, id string) error {
	found, err := s.get(id)
	if err != nil {
		return internal(err)
	}
	if found == nil {
		return status.Errorf(codes.NotFound, "%s %s does not exist", kind, id)
	}
	return nil
}

func (c *controller) DeleteVolume(_ context.Context, r *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	if r.VolumeId == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id is missing")
	}
	if err := c.medium.released(c.store.volumes.data(r.VolumeId)); err != nil {
		return nil, asInternal(err)
	}
	return &csi.DeleteVolumeResponse{}, asInternal(c.store.volumes.remove(r.VolumeId))
}

func (c *controller) ValidateVolumeCapabilities(_ context.Context, r *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if r.VolumeId == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id is missing")
	}
	if err := checkCapabilities(c.medium, r.VolumeCapabilities); err != nil {
		return nil, err
	}
	if err := mustExist(c.store.volumes, "volume", r.VolumeId); err != nil {
		return nil, err
	}
	confirmed := &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: r.VolumeCapabilities}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: confirmed}, nil
}

func (c *controller) CreateSnapshot(_ context.Context, r *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if r.Name == "" || r.SourceVolumeId == "" {
		return nil, status.Error(codes.InvalidArgument, "name or source volume id is missing")
	}
	release, err := c.claim("snapshot " + r.Name)
	if err != nil {
		return nil, err
	}
	defer release()
	found, err := c.store.snapshots.get(r.Name)
	if err != nil {
		return nil, internal(err)
	}
	if found == nil {
		if found, err = c.newSnapshot(r); err != nil {
			return nil, err
		}
	}
	if found.SourceID != r.SourceVolumeId {
		return nil, status.Errorf(codes.AlreadyExists, "snapshot %s exists, of volume %s", r.Name, found.SourceID)
	}
	return &csi.CreateSnapshotResponse{Snapshot: &csi.Snapshot{
		SnapshotId: entryID(r.Name), SourceVolumeId: found.SourceID, SizeBytes: found.CapacityBytes,
		CreationTime: timestamppb.New(found.CreatedAt), ReadyToUse: true,
	}}, nil
}

func (c *controller) newSnapshot(r *csi.CreateSnapshotRequest) (*record, error) {
	source, err := c.store.volumes.get(r.SourceVolumeId)
	if err != nil {
		return nil, internal(err)
	}
	if source == nil {
		return nil, status.Errorf(codes.NotFound, "volume %s does not exist", r.SourceVolumeId)
	}
	if err := c.medium.copyStill(c.store.volumes.data(r.SourceVolumeId), c.store.snapshots.data(r.Name)); err != nil {
		return nil, internal(err)
	}
	taken := record{Name: r.Name, CapacityBytes: source.CapacityBytes, SourceID: r.SourceVolumeId, CreatedAt: time.Now()}
	return &taken, asInternal(c.store.snapshots.put(r.Name, taken))
}

func (c *controller) DeleteSnapshot(_ context.Context, r *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	if r.SnapshotId == "" {
		return nil, status.Error(codes.InvalidArgument, "snapshot id is missing")
	}
	return &csi.DeleteSnapshotResponse{}, asInternal(c.store.snapshots.remove(r.SnapshotId))
}

func (c *controller) ControllerExpandVolume(_ context.Context, r *csi.ControllerExpandVolumeRequest) (*csi.ControllerExpandVolumeResponse, error) {
	if r.VolumeId == "" || r.CapacityRange == nil {
		return nil, status.Error(codes.InvalidArgument, "volume id or capacity is missing")
	}
	found, err := c.store.volumes.get(r.VolumeId)
	if err != nil {
		return nil, internal(err)
	}
	if found == nil {
		return nil, status.Errorf(codes.NotFound, "volume %s does not exist", r.VolumeId)
	}
	capacityBytes := max(found.CapacityBytes, c.medium.capacity(r.CapacityRange.GetRequiredBytes()))
	if !fits(capacityBytes, r.CapacityRange) {
		return nil, status.Errorf(codes.OutOfRange, "the volume cannot be kept within %d bytes", r.CapacityRange.GetLimitBytes())
	}
	if err := c.medium.grow(c.store.volumes.data(r.VolumeId), capacityBytes); err != nil {
		return nil, internal(err)
	}
	found.CapacityBytes = capacityBytes
	response := &csi.ControllerExpandVolumeResponse{CapacityBytes: capacityBytes, NodeExpansionRequired: true}
	return response, asInternal(c.store.volumes.put(r.VolumeId, *found))
}
