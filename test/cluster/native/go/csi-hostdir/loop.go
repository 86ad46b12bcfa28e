package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Loop devices are found by the file behind them (Documentation/ABI/testing/sysfs-block-loop): nothing is
// remembered, so nothing is forgotten when the driver is killed.

// backedBy answers the loop devices whose file wanted is true for.
func backedBy(wanted func(file string) bool) ([]string, error) {
	files, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return nil, err
	}
	var devices []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// The kernel says so of a file that was deleted meanwhile.
		if wanted(strings.TrimSuffix(strings.TrimSpace(string(text)), " (deleted)")) {
			devices = append(devices, "/dev/"+strings.Split(file, "/")[3])
		}
	}
	return devices, nil
}

// loopOf answers the device of an image, or "".
func loopOf(image string) (string, error) {
	devices, err := backedBy(func(file string) bool { return file == image })
	if err != nil || len(devices) == 0 {
		return "", err
	}
	return devices[0], nil
}

func loopsBelow(dir string) ([]string, error) {
	return backedBy(func(file string) bool { return strings.HasPrefix(file, dir+"/") })
}

func attach(image string) (string, error) {
	device, err := loopOf(image)
	if err != nil || device != "" {
		return device, err
	}
	if err := run("losetup", "--find", image); err != nil {
		return "", err
	}
	return loopOf(image)
}

func detach(image string) error {
	device, err := loopOf(image)
	if err != nil || device == "" {
		return err
	}
	return run("losetup", "--detach", device)
}
