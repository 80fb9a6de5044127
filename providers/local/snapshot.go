package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"drover/durable/folder"
	"drover/fault"
	"drover/providers"
)

func (p *Provider) snapshotDir(id string, parts ...string) string {
	return p.path(append([]string{"snapshots", id}, parts...)...)
}

func (p *Provider) readSnapshot(id string) (*providers.Snapshot, error) {
	var s providers.Snapshot
	ok, err := readJSON(p.snapshotDir(id, "meta.json"), &s)
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// CreateSnapshot implements providers.Snapshots. The record comes last: it makes the snapshot exist.
func (p *Provider) CreateSnapshot(ctx context.Context, s providers.Snapshot) error {
	if err := validID("a snapshot", s.ID); err != nil {
		return err
	}
	if err := validID("a volume", s.VolumeID); err != nil {
		return err
	}
	held, err := p.lock(ctx, s.ID, s.VolumeID)
	if err != nil {
		return err
	}
	defer held.release()
	have, err := p.readSnapshot(s.ID)
	if err != nil {
		return err
	}
	if have != nil {
		return sameCluster("snapshot", s.ID, have.Tags, s.Tags)
	}
	v, err := p.existingVolume(s.VolumeID)
	if err != nil {
		return err
	}
	if err := sameCluster("volume", s.VolumeID, v.Spec.Tags, s.Tags); err != nil {
		return err
	}
	if err := removeTree(p.snapshotDir(s.ID)); err != nil { // of a call that was cut
		return err
	}
	if err := os.MkdirAll(p.snapshotDir(s.ID), 0o700); err != nil {
		return ioFault(err, "make snapshot")
	}
	if err := copyFolder(ctx, p.volumeDir(s.VolumeID, "data"), p.snapshotDir(s.ID, "data")); err != nil {
		return fault.Wrap(err, fault.Internal, "provider local: copy volume %s", s.VolumeID)
	}
	if err := p.step("snapshot copied"); err != nil {
		return err
	}
	return writeJSON(p.snapshotDir(s.ID, "meta.json"), s)
}

// copyFolder copies with everything a file has, and shares blocks where the file system can.
func copyFolder(ctx context.Context, from, to string) error {
	cmd := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", "--", from, to)
	cmd.Env = []string{"LC_ALL=C"}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()[:min(errs.Len(), 512)]))
	}
	return nil
}

// DeleteSnapshot implements providers.Snapshots. Data first: as long as there is a record it is listed.
func (p *Provider) DeleteSnapshot(ctx context.Context, id string) error {
	if err := validID("a snapshot", id); err != nil {
		return err
	}
	held, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	if err := removeTree(p.snapshotDir(id, "data")); err != nil {
		return err
	}
	return removeTree(p.snapshotDir(id))
}

// ReadSnapshot implements providers.Snapshots.
func (p *Provider) ReadSnapshot(ctx context.Context, id string, w io.Writer) error {
	if err := validID("a snapshot", id); err != nil {
		return err
	}
	s, err := p.readSnapshot(id)
	if err != nil {
		return err
	}
	if s == nil {
		return fault.New(fault.NotFound, "provider local: there is no snapshot %s", id)
	}
	return ioFault(folder.Write(ctx, p.snapshotDir(id, "data"), w), "read snapshot %s", id)
}

// FillVolume implements providers.Snapshots.
func (p *Provider) FillVolume(ctx context.Context, id string, r io.Reader) error {
	if err := validID("a volume", id); err != nil {
		return err
	}
	held, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	if _, err := p.existingVolume(id); err != nil {
		return err
	}
	return ioFault(folder.Read(ctx, r, p.volumeDir(id, "data")), "fill volume %s", id)
}

// listSnapshots adds the snapshots of a cluster. One that was cut has no record: the next call with its id, or a deletion,
// clears it.
func (p *Provider) listSnapshots(clusterID string, r *providers.Resources) error {
	entries, err := os.ReadDir(p.path("snapshots"))
	if err != nil {
		return ioFault(err, "list snapshots")
	}
	for _, e := range entries {
		s, err := p.readSnapshot(e.Name())
		if err != nil {
			r.Unreadable = append(r.Unreadable, fmt.Sprintf("snapshot %s: %v", e.Name(), err))
		}
		if s != nil && s.Tags.Of(clusterID) {
			r.Snapshots = append(r.Snapshots, *s)
		}
	}
	return nil
}
