package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ext4 is the medium of volumes that are file systems of their real size: images in sparse files, mounted by
// loop devices, or given to pods as block devices.
type ext4 struct{}

// smallestBytes leaves room beside an ext4 journal.
const smallestBytes = 16 << 20

const blockBytes = 4096

func (ext4) canExpand() bool { return true }

func (ext4) canBlock() bool { return true }

func (ext4) capacity(bytes int64) int64 {
	return max((bytes+blockBytes-1)/blockBytes*blockBytes, smallestBytes)
}

// create makes an empty device; it gets a file system when it is first staged for one.
func (ext4) create(path string, capacityBytes int64) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(capacityBytes), file.Close())
}

func (ext4) copyResting(source, target string) error {
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return run("cp", "--sparse=always", "--reflink=auto", source, target)
}

// copyStill copies while the file system is frozen: it is clean then, and whoever writes waits.
func (e ext4) copyStill(source, target string) error {
	device, err := loopOf(source)
	if err != nil {
		return err
	}
	if device == "" {
		return e.copyResting(source, target)
	}
	mounted, err := mountOf(device)
	if err != nil {
		return err
	}
	if mounted == "" {
		// Used as a block device: what is in its cache goes to the file.
		return errors.Join(run("sync", device), e.copyResting(source, target))
	}
	if err := run("fsfreeze", "--freeze", mounted); err != nil {
		return err
	}
	return errors.Join(e.copyResting(source, target), run("fsfreeze", "--unfreeze", mounted))
}

// thawAll lets file systems go on that were left frozen when the driver was killed. Others refuse, which is all right.
func (ext4) thawAll(imagesDir string) error {
	devices, err := loopsBelow(imagesDir)
	if err != nil {
		return err
	}
	for _, device := range devices {
		if mounted, err := mountOf(device); err == nil && mounted != "" {
			_ = run("fsfreeze", "--unfreeze", mounted)
		}
	}
	return nil
}

const releaseTimeout = 5 * time.Second

// released waits for the kubelet, which lets go of a volume a moment after the last pod that used it is gone. Whoever deletes
// volumes asks again later.
func (ext4) released(path string) error {
	deadline := time.Now().Add(releaseTimeout)
	for {
		device, err := loopOf(path)
		if err != nil || device == "" {
			return err
		}
		if time.Now().After(deadline) {
			return status.Errorf(codes.FailedPrecondition, "the volume is in use: it is behind %s", device)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (ext4) grow(path string, capacityBytes int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() >= capacityBytes {
		return nil
	}
	return os.Truncate(path, capacityBytes)
}

// stage mounts the image, or makes a device of it.
func (e ext4) stage(path, staging string, capability *csi.VolumeCapability) error {
	device, err := attach(path)
	if err != nil || capability.GetBlock() != nil {
		return err
	}
	is, err := isMountPoint(staging)
	if err != nil || is {
		return err
	}
	if err := mountDevice(device, staging, capability.GetMount().GetMountFlags()); err != nil {
		return errors.Join(err, detach(path))
	}
	return nil
}

func mountDevice(device, staging string, flags []string) error {
	if err := errors.Join(format(device), growResting(device)); err != nil {
		return err
	}
	if err := os.MkdirAll(staging, 0o750); err != nil {
		return err
	}
	options := append([]string{"defaults"}, flags...)
	return mount("--types", "ext4", "--options", strings.Join(options, ","), device, staging)
}

// nothingFound is the exit code of blkid(8) for a device on which it recognises nothing.
const nothingFound = 2

// format makes a file system on a device that has nothing on it, as CSI drivers of block storage do: no blocks reserved
// for root (k8s.io/mount-utils, mount_linux.go).
func format(device string) error {
	err := exec.Command("blkid", "--probe", device).Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == nothingFound {
		return run("mkfs.ext4", "-q", "-m0", device)
	}
	return err
}

func (ext4) unstage(path, staging string) error {
	if err := unmount(staging); err != nil {
		return err
	}
	return detach(path)
}

// expand makes a volume that is in use as large as its image. Kernels let a file system that is mounted grow only for
// whoever has CAP_SYS_RESOURCE (fs/ext4/ioctl.c); without it, as in some virtual machines, it grows when it is next staged.
func (ext4) expand(path, _ string, block bool) error {
	device, err := loopOf(path)
	if err != nil || device == "" {
		return err
	}
	if err := run("losetup", "--set-capacity", device); err != nil || block {
		return err
	}
	err = run("resize2fs", device)
	if err != nil && strings.Contains(err.Error(), "Permission denied") {
		return status.Error(codes.FailedPrecondition, "this machine lets no mounted file system grow: it grows when no pod uses it any more and the next one comes")
	}
	return err
}

// growResting makes a file system that is not mounted as large as its device, where it is smaller: the image comes from
// a snapshot, or was expanded meanwhile.
func growResting(device string) error {
	isSmaller, err := hasRoomToGrow(device)
	if err != nil || !isSmaller {
		return err
	}
	// Unchecked since it was last mounted, it would not be resized. Exit code 1: errors were found and corrected (e2fsck(8)).
	err = exec.Command("e2fsck", "-f", "-p", device).Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("e2fsck: %w", err)
	}
	return run("resize2fs", device)
}

// hasRoomToGrow compares the blocks that the superblock counts with the device's size (Documentation/filesystems/ext4/super.rst).
func hasRoomToGrow(device string) (bool, error) {
	file, err := os.Open(device)
	if err != nil {
		return false, err
	}
	defer file.Close()
	super := make([]byte, 28)
	if _, err := file.ReadAt(super, 1024); err != nil {
		return false, err
	}
	blocks, logBlockSize := binary.LittleEndian.Uint32(super[4:]), binary.LittleEndian.Uint32(super[24:])
	blockBytes := int64(1024) << logBlockSize
	deviceBytes, err := file.Seek(0, io.SeekEnd)
	return int64(blocks)*blockBytes+blockBytes <= deviceBytes, err
}

func (ext4) published(path, staging string, block bool) (string, error) {
	if !block {
		return staging, nil
	}
	device, err := loopOf(path)
	if err == nil && device == "" {
		err = errors.New("the volume is not staged")
	}
	return device, err
}
