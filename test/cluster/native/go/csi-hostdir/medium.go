package main

import "github.com/container-storage-interface/spec/lib/go/csi"

// medium is what the volumes and snapshots of a driver are made of. Paths are those of the store's entries;
// every method may be called again after it was interrupted.
type medium interface {
	// canExpand and canBlock say what the driver claims to be able to do.
	canExpand() bool
	canBlock() bool
	// capacity rounds a wanted size up to one that a volume can have.
	capacity(bytes int64) int64
	create(path string, capacityBytes int64) error
	// copyStill copies a volume as it is at one point in time, even while pods write into it.
	copyStill(source, target string) error
	// copyResting copies what nobody writes into.
	copyResting(source, target string) error
	// released answers an error while the node still has the volume.
	released(path string) error
	// grow gives a volume more room; what is mounted sees it after expand.
	grow(path string, capacityBytes int64) error
	// stage makes a volume ready for pods, once for the node.
	stage(path, staging string, capability *csi.VolumeCapability) error
	unstage(path, staging string) error
	expand(path, staging string, block bool) error
	// published answers what is to be bind-mounted into a pod.
	published(path, staging string, block bool) (string, error)
}
