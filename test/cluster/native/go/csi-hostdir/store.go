package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// record describes a volume or a snapshot. It is written after the data is complete: an entry without
// a record does not exist, whatever its data holds.
type record struct {
	Name          string    `json:"name"`
	CapacityBytes int64     `json:"capacityBytes"`
	SourceID      string    `json:"sourceId,omitempty"`
	CreatedAt     time.Time `json:"createdAt"`
}

// shelf keeps one kind of entry: folders or images under data/, their records under records/.
type shelf struct {
	dir string
}

type store struct {
	volumes, snapshots shelf
}

func openStore(dir string) (*store, error) {
	s := &store{volumes: shelf{filepath.Join(dir, "volumes")}, snapshots: shelf{filepath.Join(dir, "snapshots")}}
	for _, each := range []shelf{s.volumes, s.snapshots} {
		for _, sub := range []string{"data", "records"} {
			if err := os.MkdirAll(filepath.Join(each.dir, sub), 0o755); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)

// entryID makes a file name of a CSI name, which may hold any UTF-8. Sidecars use plain names, and those
// stay readable.
func entryID(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "x-" + hex.EncodeToString(sum[:16])
}

func (s shelf) data(id string) string { return filepath.Join(s.dir, "data", entryID(id)) }

func (s shelf) recordFile(id string) string {
	return filepath.Join(s.dir, "records", entryID(id)+".json")
}

// get answers nil, nil for an entry that does not exist.
func (s shelf) get(id string) (*record, error) {
	text, err := os.ReadFile(s.recordFile(id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	return &r, json.Unmarshal(text, &r)
}

func (s shelf) put(id string, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	partial := s.recordFile(id) + ".partial"
	if err := os.WriteFile(partial, text, 0o644); err != nil {
		return err
	}
	return os.Rename(partial, s.recordFile(id))
}

func (s shelf) remove(id string) error {
	if err := os.Remove(s.recordFile(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(s.data(id))
}
