// Package catalogue reads and changes the catalogue of backups, and the manifests beside their data. What a change means is
// decided by its caller, one of the subjects of activities.
package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"drover/activities/internal/control"
	"drover/backup/target"
	"drover/fault"
	"drover/lifecycle"
)

// Store keeps the entries. PutBackup and DropBackup are a Conflict unless the entry still has that index (0: it must not
// exist yet).
type Store interface {
	Backup(ctx context.Context, id string) (*lifecycle.Backup, uint64, error)
	Backups(ctx context.Context) ([]lifecycle.Backup, error)
	PutBackup(ctx context.Context, b lifecycle.Backup, index uint64) (uint64, error)
	DropBackup(ctx context.Context, id string, index uint64) error
}

// Catalogue is the entries together with the targets that have the data.
type Catalogue struct {
	Store   Store
	Targets map[string]target.Target
	Default string // target of backups whose request names none
}

// Target finds a target by name; empty is the default one.
func (c Catalogue) Target(name string) (string, target.Target, error) {
	if name == "" {
		name = c.Default
	}
	if t, ok := c.Targets[name]; ok {
		return name, t, nil
	}
	if len(c.Targets) == 0 {
		return "", nil, fault.New(fault.Invalid, "the worker has no target of backups").WithHint("set backups in the worker's configuration file")
	}
	return "", nil, fault.New(fault.Invalid, "the worker has no target of backups %q", name).
		WithHint("its targets: %s", fmt.Sprint(slices.Sorted(maps.Keys(c.Targets))))
}

// Whole reads a backup that can be used: a half one is refused.
func (c Catalogue) Whole(ctx context.Context, id string) (*lifecycle.Backup, error) {
	b, _, err := c.Store.Backup(ctx, id)
	if err != nil {
		return nil, err
	}
	if b.State != lifecycle.BackupWhole {
		return nil, fault.New(fault.NotAllowed, "backup %s is %s and cannot be used", id, b.State).WithHint("choose a whole one: drover backup list")
	}
	return b, nil
}

// manifest is the name of the object.
func manifest(id string) string { return id + "/manifest" }

// Manifest reads what lies beside the data of a backup, and compares it with the catalogue.
func (c Catalogue) Manifest(ctx context.Context, b *lifecycle.Backup) (*lifecycle.Manifest, error) {
	_, t, err := c.Target(b.Target)
	if err != nil {
		return nil, err
	}
	m, sum, err := ReadManifest(ctx, t, b.ID)
	if err != nil {
		return nil, err
	}
	if sum != b.Manifest {
		return nil, fault.New(fault.Invalid, "the manifest of backup %s at target %s is another one than was recorded", b.ID, b.Target).
			WithHint("restore another backup; remove this one with: drover backup delete %s", b.ID)
	}
	return m, nil
}

// ReadManifest reads the manifest of a backup at a target, and its SHA-256.
func ReadManifest(ctx context.Context, t target.Target, id string) (*lifecycle.Manifest, string, error) {
	data, err := t.Get(ctx, manifest(id))
	if fault.Is(err, fault.NotFound) {
		return nil, "", fault.New(fault.NotFound, "the target has no backup %s, or only a part of one", id)
	}
	if err != nil {
		return nil, "", err
	}
	m := new(lifecycle.Manifest)
	if err := json.Unmarshal(data, m); err != nil || m.Record == nil || m.Backup.ID != id {
		return nil, "", fault.New(fault.Invalid, "the manifest of backup %s is damaged", id)
	}
	return m, sumOf(data), nil
}

// WriteManifest writes the manifest, and gives its SHA-256.
func WriteManifest(ctx context.Context, t target.Target, m lifecycle.Manifest) (string, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "manifest of backup %s", m.Backup.ID)
	}
	return sumOf(data), t.Put(ctx, manifest(m.Backup.ID), data)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Update reads, changes and writes an entry, and repeats that when another writer was faster.
func (c Catalogue) Update(ctx context.Context, id string, change func(*lifecycle.Backup) error) (*lifecycle.Backup, error) {
	for range control.MaxTries {
		b, index, err := c.Store.Backup(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := change(b); err != nil {
			return nil, err
		}
		if _, err = c.Store.PutBackup(ctx, *b, index); !fault.Is(err, fault.Conflict) {
			return b, err
		}
	}
	return nil, fault.New(fault.Unreachable, "the entry of backup %s changed during each of %d writes", id, control.MaxTries)
}

// Drop removes a backup: first it is marked, so that nothing uses it any more, then its data goes, last its entry. It can
// be repeated at any point. Without an entry there is nothing to remove.
func (c Catalogue) Drop(ctx context.Context, id, run string) error {
	b, err := c.Update(ctx, id, func(b *lifecycle.Backup) error {
		b.State, b.RunID = lifecycle.BackupDeleting, run
		return nil
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, t, err := c.Target(b.Target)
	if err != nil {
		return err
	}
	// The manifest first: without it no installation takes the rest for a backup.
	if err := t.Delete(ctx, manifest(id)); err != nil {
		return err
	}
	if err := target.DeleteAll(ctx, t, id+"/"); err != nil {
		return err
	}
	_, index, err := c.Store.Backup(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.Store.DropBackup(ctx, id, index)
}
