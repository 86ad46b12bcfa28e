package main

import (
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const freezeTimeout = 5 * time.Second

// freezer stops whole pods for the length of a copy with the kernel's cgroup freezer. A process that is
// killed while pods are frozen leaves them so: thawAll, called at start, lets them go on.
type freezer struct {
	mutex        sync.Mutex
	root         string
	stateFile    string
	frozen, thaw string
}

const cgroupMount = "/sys/fs/cgroup"

func newFreezer(cgroup string) *freezer {
	v1 := filepath.Join(cgroupMount, "freezer")
	if _, err := os.Stat(v1); err == nil {
		return &freezer{root: filepath.Join(v1, cgroup, "kubepods"), stateFile: "freezer.state", frozen: "FROZEN", thaw: "THAWED"}
	}
	return &freezer{root: filepath.Join(cgroupMount, cgroup, "kubepods"), stateFile: "cgroup.freeze", frozen: "1", thaw: "0"}
}

// podGroups answers the cgroups of the pods for which wanted is true, by pod UID.
func (f *freezer) podGroups(wanted func(uid string) bool) []string {
	var groups []string
	_ = filepath.WalkDir(f.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil
		}
		uid, isPod := strings.CutPrefix(entry.Name(), "pod")
		if !isPod {
			return nil
		}
		if wanted(uid) {
			groups = append(groups, path)
		}
		return fs.SkipDir
	})
	return groups
}

func (f *freezer) set(group, value string) error {
	err := os.WriteFile(filepath.Join(group, f.stateFile), []byte(value), 0o644)
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// isFrozen is true for a group that is gone too: nothing in it can write.
func (f *freezer) isFrozen(group string) bool {
	if f.stateFile == "cgroup.freeze" {
		events, err := os.ReadFile(filepath.Join(group, "cgroup.events"))
		return os.IsNotExist(err) || strings.Contains(string(events), "frozen 1")
	}
	state, err := os.ReadFile(filepath.Join(group, f.stateFile))
	return os.IsNotExist(err) || strings.TrimSpace(string(state)) == f.frozen
}

func (f *freezer) freeze(group string) error {
	deadline := time.Now().Add(freezeTimeout)
	for {
		if err := f.set(group, f.frozen); err != nil {
			return err
		}
		if f.isFrozen(group) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("cgroup %s did not freeze within %s", group, freezeTimeout)
		}
		time.Sleep(time.Millisecond)
	}
}

func (f *freezer) thawGroups(groups []string) {
	for _, group := range groups {
		if err := f.set(group, f.thaw); err != nil {
			log.Printf("cannot thaw %s: its pod stays stopped: %v", group, err)
		}
	}
}

func (f *freezer) thawAll() {
	f.thawGroups(f.podGroups(func(string) bool { return true }))
}

// whileFrozen runs work while the given pods stand still, one such run at a time.
func (f *freezer) whileFrozen(podUIDs map[string]bool, work func() error) error {
	if len(podUIDs) == 0 {
		return work()
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	groups := f.podGroups(func(uid string) bool { return podUIDs[uid] })
	defer f.thawGroups(groups)
	for _, group := range groups {
		if err := f.freeze(group); err != nil {
			return err
		}
	}
	return work()
}
