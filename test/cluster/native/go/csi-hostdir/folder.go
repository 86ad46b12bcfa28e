package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
)

// folder is the medium of volumes that are folders. Sizes are recorded and not enforced.
type folder struct {
	freezer    *freezer
	kubeletDir string
}

func (folder) canExpand() bool { return false }

func (folder) canBlock() bool { return false }

func (folder) capacity(bytes int64) int64 { return bytes }

// create makes a folder as a fresh file system would look: owned by root, mode 0755.
func (folder) create(path string, _ int64) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Mkdir(path, 0o755)
}

// copyResting makes a full copy: owners, modes, times, links, extended attributes.
func (folder) copyResting(source, target string) error {
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return run("cp", "--archive", "--reflink=auto", "--no-target-directory", source, target)
}

// copyStill copies while the pods that have the volume mounted stand still.
func (f folder) copyStill(source, target string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	pods := podsUsing(string(mounts), source, filepath.Join(f.kubeletDir, "pods"))
	return f.freezer.whileFrozen(pods, func() error { return f.copyResting(source, target) })
}

func (folder) released(string) error { return nil }

func (folder) grow(string, int64) error { return nil }

func (folder) stage(string, string, *csi.VolumeCapability) error { return nil }

func (folder) unstage(string, string) error { return nil }

func (folder) expand(string, string, bool) error { return nil }

func (folder) published(path, _ string, _ bool) (string, error) { return path, nil }

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

func run(program string, args ...string) error {
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(string(out)))
	}
	return nil
}
