package main

import (
	"os"
	"path/filepath"
	"strings"
)

// mounted is one line of /proc/self/mountinfo (proc(5)).
type mounted struct {
	point, source string
}

func mounts() ([]mounted, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var all []mounted
	for _, line := range strings.Split(string(text), "\n") {
		before, after, _ := strings.Cut(line, " - ")
		fields, behind := strings.Fields(before), strings.Fields(after)
		if len(fields) > 4 && len(behind) > 1 {
			all = append(all, mounted{point: fields[4], source: behind[1]})
		}
	}
	return all, nil
}

// mountOf answers where a device is mounted, or "".
func mountOf(device string) (string, error) {
	all, err := mounts()
	for _, each := range all {
		if each.source == device {
			return each.point, nil
		}
	}
	return "", err
}

// isMountPoint is true of folders and of files; a path that does not exist is none.
func isMountPoint(path string) (bool, error) {
	real, err := filepath.EvalSymlinks(path)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	all, err := mounts()
	for _, each := range all {
		if each.point == real {
			return true, nil
		}
	}
	return false, err
}

func mount(args ...string) error { return run("mount", args...) }

// unmount does nothing where nothing is mounted.
func unmount(path string) error {
	is, err := isMountPoint(path)
	if err != nil || !is {
		return err
	}
	return run("umount", path)
}
