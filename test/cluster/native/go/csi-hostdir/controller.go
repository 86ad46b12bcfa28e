package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
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
	store      *store
	freezer    *freezer
	kubeletDir string
	creating   sync.Map
}

func internal(err error) error { return status.Error(codes.Internal, err.Error()) }

// claim makes calls for one entry exclude each other: sidecars retry while a long copy still runs.
func (c *controller) claim(key string) (release func(), err error) {
	if _, busy := c.creating.LoadOrStore(key, true); busy {
		return nil, status.Errorf(codes.Aborted, "%s is being worked on", key)
	}
	return func() { c.creating.Delete(key) }, nil
}

func (*controller) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	response := &csi.ControllerGetCapabilitiesResponse{}
	for _, kind := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_CLONE_VOLUME,
	} {
		rpc := &csi.ControllerServiceCapability_RPC{Type: kind}
		response.Capabilities = append(response.Capabilities,
			&csi.ControllerServiceCapability{Type: &csi.ControllerServiceCapability_Rpc{Rpc: rpc}})
	}
	return response, nil
}

func checkCapabilities(capabilities []*csi.VolumeCapability) error {
	if len(capabilities) == 0 {
		return status.Error(codes.InvalidArgument, "volume capabilities are missing")
	}
	for _, capability := range capabilities {
		if capability.GetBlock() != nil {
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
	if err := checkCapabilities(r.VolumeCapabilities); err != nil {
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
	if err := c.fillVolume(r); err != nil {
		return nil, err
	}
	capacityBytes := capacityOf(r.CapacityRange)
	created := record{Name: r.Name, CapacityBytes: capacityBytes, CreatedAt: time.Now()}
	if err := c.store.volumes.put(r.Name, created); err != nil {
		return nil, internal(err)
	}
	return volumeResponse(r, capacityBytes), nil
}

func (c *controller) fillVolume(r *csi.CreateVolumeRequest) error {
	source := r.VolumeContentSource
	switch {
	case source.GetSnapshot() != nil:
		id := source.GetSnapshot().SnapshotId
		if err := mustExist(c.store.snapshots, "snapshot", id); err != nil {
			return err
		}
		return asInternal(c.store.volumes.copyFrom(c.store.snapshots.data(id), r.Name))
	case source.GetVolume() != nil:
		id := source.GetVolume().VolumeId
		if err := mustExist(c.store.volumes, "volume", id); err != nil {
			return err
		}
		return asInternal(c.copyFrozen(id, c.store.volumes, r.Name))
	default:
		return asInternal(c.store.volumes.createEmpty(r.Name))
	}
}

func asInternal(err error) error {
	if err == nil {
		return nil
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
	return &csi.DeleteVolumeResponse{}, asInternal(c.store.volumes.remove(r.VolumeId))
}

func (c *controller) ValidateVolumeCapabilities(_ context.Context, r *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if r.VolumeId == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id is missing")
	}
	if err := checkCapabilities(r.VolumeCapabilities); err != nil {
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
	if err := c.copyFrozen(r.SourceVolumeId, c.store.snapshots, r.Name); err != nil {
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

// copyFrozen copies a volume while the pods that have it mounted stand still.
func (c *controller) copyFrozen(volumeID string, to shelf, id string) error {
	source := c.store.volumes.data(volumeID)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	pods := podsUsing(string(mounts), source, filepath.Join(c.kubeletDir, "pods"))
	return c.freezer.whileFrozen(pods, func() error { return to.copyFrom(source, id) })
}

// podsUsing reads from mountinfo the UIDs of the pods that have the folder bind-mounted. The root field
// is relative to the file system's own root, so it is compared by its end.
func podsUsing(mountinfo, folder, podsDir string) map[string]bool {
	pods := map[string]bool{}
	for _, line := range strings.Split(mountinfo, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasSuffix(folder, fields[3]) || fields[3] == "/" {
			continue
		}
		if below, inside := strings.CutPrefix(fields[4], podsDir+"/"); inside {
			pods[strings.SplitN(below, "/", 2)[0]] = true
		}
	}
	return pods
}
