package backups

import (
	"context"
	"io"

	"drover/activities/internal/fanout"
	"drover/backup/parts"
	"drover/backup/target"
	"drover/fault"
	"drover/lifecycle"
)

// FillParts brings the data of a backup to nodes of a restored cluster: into their volumes, or into the folder where the
// package's restore finds it. Everything is compared with its sums on the way. Nothing on the nodes may use the volumes yet.
func (a *Activities) FillParts(ctx context.Context, in NodesInput) error {
	rec, err := a.own(ctx, in.Input)
	if err != nil {
		return err
	}
	b, err := a.Catalogue.Whole(ctx, in.Backup)
	if err != nil {
		return err
	}
	_, from, err := a.Catalogue.Target(b.Target)
	if err != nil {
		return err
	}
	return a.each(ctx, rec, in.Nodes, atOnce, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) error {
		for volume := range len(n.VolumeIDs) + 1 {
			part, ok := b.Part(n.Role, n.SID, volume)
			if !ok {
				continue
			}
			if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
				return err
			}
			if err := a.fill(ctx, rec, n, volume, b.ID, part, from, progress); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *Activities) fill(ctx context.Context, rec *lifecycle.Record, n lifecycle.Node, volume int, backup string, part lifecycle.BackupPart, from target.Target, progress fanout.Progress) error {
	read := func(w io.Writer) error {
		return parts.Read(ctx, from, parts.Place{Point: backup, Part: part.Name()}, part.SHA256, w)
	}
	if volume == 0 {
		return stream(read, func(r io.Reader) error {
			return a.Nodes.WriteFolder(ctx, n, lifecycle.FolderOf(rec.Spec, n.Role, backup), &counted{r: r, progress: progress, what: "restored"})
		})
	}
	p, err := a.snapshots(rec)
	if err != nil {
		return err
	}
	return stream(read, func(r io.Reader) error {
		return p.FillVolume(ctx, n.VolumeIDs[volume-1], &counted{r: r, progress: progress, what: "restored"})
	})
}

// RemoveInput names backups to remove, in this order.
type RemoveInput struct {
	RunID   string   `json:"run_id"`
	Backups []string `json:"backups"`
}

// MarkBackups marks backups as being deleted: from then on nothing uses them.
func (a *Activities) MarkBackups(ctx context.Context, in RemoveInput) error {
	for _, id := range in.Backups {
		if _, err := a.Catalogue.Update(ctx, id, func(b *lifecycle.Backup) error {
			b.State, b.RunID = lifecycle.BackupDeleting, in.RunID
			return nil
		}); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// RemoveBackups removes backups: their data, then their entries. One that does not exist is removed already.
func (a *Activities) RemoveBackups(ctx context.Context, in RemoveInput) error {
	defer fanout.Alive(ctx)()
	for _, id := range in.Backups {
		if err := a.Catalogue.Drop(ctx, id, in.RunID); err != nil {
			return fault.Wrap(err, fault.Internal, "remove backup %s", id)
		}
	}
	return nil
}

// NoteInput says how the verification of a backup ended.
type NoteInput struct {
	ClusterID string `json:"cluster_id"` // the throw-away cluster
	RunID     string `json:"run_id"`
	Backup    string `json:"backup"`
	Failed    string `json:"failed,omitempty"`
}

// NoteVerified compares what verify printed on the throw-away cluster with what it printed when the backup was made, and
// writes into the catalogue how that ended. A difference is an Invalid fault that names it.
func (a *Activities) NoteVerified(ctx context.Context, in NoteInput) error {
	v := lifecycle.Verification{At: a.now(), Problem: in.Failed}
	var differ []string
	if in.Failed == "" {
		rec, err := a.own(ctx, Input{ClusterID: in.ClusterID, RunID: in.RunID})
		if err != nil {
			return err
		}
		b, err := a.Catalogue.Whole(ctx, in.Backup)
		if err != nil {
			return err
		}
		differ = lifecycle.Compare(b.Prints, byLabel(rec))
		v.Compared = len(b.Prints) > 0 && len(differ) == 0
	}
	if len(differ) > 0 {
		f := fault.New(fault.Invalid, "backup %s was restored, and its data differs: %s", in.Backup, differ[0])
		f.Problems = differ
		return f
	}
	_, err := a.Catalogue.Update(ctx, in.Backup, func(b *lifecycle.Backup) error {
		b.Verified = &v
		return nil
	})
	return err
}
