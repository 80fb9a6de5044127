package backups

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"drover/activities/internal/bounds"
	"drover/activities/internal/catalogue"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ledger"
	"drover/backup/parts"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// Input names a backup that an operation of a cluster makes or uses.
type Input struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
	Backup    string `json:"backup"`
	// Policy of the backup; a safety backup is always of the device kind.
	Policy string `json:"policy"`
}

// NodesInput is the same for some nodes.
type NodesInput struct {
	Input
	Nodes []string `json:"nodes"`
}

// OpenInput enters a backup in the catalogue.
type OpenInput struct {
	Input
	Work lifecycle.BackupWork `json:"work"`
}

// OpenBackup enters a backup in the catalogue as unfinished. What an operation of the cluster left that died is removed
// first: its entry and its data.
func (a *Activities) OpenBackup(ctx context.Context, in OpenInput) error {
	defer fanout.Alive(ctx)()
	rec, err := a.own(ctx, in.Input)
	if err != nil {
		return err
	}
	all, err := a.Catalogue.Store.Backups(ctx)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.ClusterID == in.ClusterID && b.State != lifecycle.BackupWhole && b.RunID != in.RunID && b.Problem == "" {
			if err := a.Catalogue.Drop(ctx, b.ID, in.RunID); err != nil {
				return fault.Wrap(err, fault.Internal, "remove the unfinished backup %s", b.ID)
			}
		}
	}
	b := lifecycle.Backup{
		ID: in.Backup, ClusterID: rec.ClusterID, Name: rec.Name, App: rec.AppID, Version: rec.VersionID, Provider: rec.Provider,
		Policy: in.Policy, State: lifecycle.BackupUnfinished, Why: in.Work.Why, Parent: in.Work.Parent, Target: in.Work.Target,
		RunID: in.RunID, CreatedAt: rec.Operation.StartedAt,
	}
	have, _, err := a.Catalogue.Store.Backup(ctx, in.Backup)
	switch {
	case err == nil && have.RunID == in.RunID:
		return nil
	case err == nil:
		return fault.New(fault.Conflict, "backup %s already exists", in.Backup)
	case !fault.Is(err, fault.NotFound):
		return err
	}
	if err := a.Attempt.StillCurrent(ctx, fanout.None()); err != nil {
		return err // its operation may be over, and the entry removed
	}
	_, err = a.Catalogue.Store.PutBackup(ctx, b, 0)
	return err
}

// own reads the record, and refuses when another operation has the cluster by now.
func (a *Activities) own(ctx context.Context, in Input) (*lifecycle.Record, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return nil, err
	}
	return rec, rec.OwnedBy(in.RunID)
}

// snapshotID follows from the backup and the volume: a repeated call finds its snapshots.
func snapshotID(backup, volume string) string { return "snap-" + backup + "-" + volume }

// SnapshotVolumes takes a snapshot of every volume of the nodes.
func (a *Activities) SnapshotVolumes(ctx context.Context, in NodesInput) error {
	rec, err := a.own(ctx, in.Input)
	if err != nil {
		return err
	}
	p, err := a.snapshots(rec)
	if err != nil {
		return err
	}
	return a.each(ctx, rec, in.Nodes, len(in.Nodes), func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) error {
		for _, volume := range n.VolumeIDs {
			if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
				return err
			}
			progress.Line("snapshot of " + volume)
			if err := p.CreateSnapshot(ctx, providers.Snapshot{
				ID: snapshotID(in.Backup, volume), VolumeID: volume, Tags: providers.Tags{ClusterID: rec.ClusterID, NodeID: n.ID},
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *Activities) snapshots(rec *lifecycle.Record) (providers.Snapshots, error) {
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return nil, err
	}
	return providers.SnapshotsOf(p)
}

// each does something for every node, some at a time, and joins the failures.
func (a *Activities) each(ctx context.Context, rec *lifecycle.Record, nodes []string, limit int, do func(context.Context, lifecycle.Node, fanout.Progress) error) error {
	var failed []error
	for _, r := range fanout.Run(ctx, rec.NamedNodes(nodes), limit, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (struct{}, error) {
		return struct{}{}, do(ctx, n, progress)
	}) {
		if r.Err != nil {
			failed = append(failed, fault.Wrap(r.Err, fault.Internal, "node %s (%s)", r.Node.Label(), r.Node.ID).At(rec.ClusterID, r.Node.ID, ""))
		}
	}
	return fanout.FirstOf(failed)
}

// StoreParts moves the data of the nodes to the target: snapshots of volumes, or the folder that the package's backup has
// filled. A part that is stored already is not stored again.
func (a *Activities) StoreParts(ctx context.Context, in NodesInput) error {
	rec, err := a.own(ctx, in.Input)
	if err != nil {
		return err
	}
	b, _, err := a.Catalogue.Store.Backup(ctx, in.Backup)
	if err != nil {
		return err
	}
	_, to, err := a.Catalogue.Target(b.Target)
	if err != nil {
		return err
	}
	byNode := map[string][]lifecycle.BackupPart{}
	for _, part := range lifecycle.PartsOf(rec, in.Policy) {
		label := lifecycle.Label(part.Role, part.SID)
		byNode[label] = append(byNode[label], part)
	}
	return a.each(ctx, rec, in.Nodes, atOnce, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) error {
		for _, part := range byNode[n.Label()] {
			at, parent := parts.Place{Point: b.ID, Part: part.Name()}, parts.Place{}
			if b.Parent != "" {
				parent = parts.Place{Point: b.Parent, Part: part.Name()}
			}
			if _, done, err := parts.Stored(ctx, to, at); err != nil || done {
				if err != nil {
					return err
				}
				continue
			}
			if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
				return err
			}
			read, err := a.source(rec, n, part, in)
			if err != nil {
				return err
			}
			if err := stream(read(ctx), func(r io.Reader) error {
				_, err := parts.Write(ctx, to, at, parent, &counted{r: r, progress: progress, what: "stored"})
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// source is what reads the data of a part.
func (a *Activities) source(rec *lifecycle.Record, n lifecycle.Node, part lifecycle.BackupPart, in NodesInput) (func(context.Context) func(io.Writer) error, error) {
	if part.Volume == 0 {
		dir := lifecycle.FolderOf(rec.Spec, n.Role, in.Backup)
		return func(ctx context.Context) func(io.Writer) error {
			return func(w io.Writer) error {
				err := a.Nodes.ReadFolder(ctx, n, dir, w)
				if fault.Is(err, fault.NotFound) { // nothing to carry: the package keeps its backups itself
					return fault.New(fault.CommandFailed, "backup ended with success on %s and left no files in %s", n.Label(), dir).
						WithHint("the package's backup must write the files to keep to the path that its argument names")
				}
				return err
			}
		}, nil
	}
	p, err := a.snapshots(rec)
	if err != nil {
		return nil, err
	}
	if part.Volume > len(n.VolumeIDs) {
		return nil, fault.New(fault.Internal, "%s has no volume %d", n.Label(), part.Volume)
	}
	id := snapshotID(in.Backup, n.VolumeIDs[part.Volume-1])
	return func(ctx context.Context) func(io.Writer) error {
		return func(w io.Writer) error { return p.ReadSnapshot(ctx, id, w) }
	}, nil
}

// stream connects what writes with what reads, and gives the error of whichever failed first.
func stream(write func(io.Writer) error, read func(io.Reader) error) error {
	from, to := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		err := write(to)
		to.CloseWithError(err) // nil: the end of the stream
		wrote <- err
	}()
	err := read(from)
	from.CloseWithError(io.ErrClosedPipe) // a writer that is not read to its end must return too
	failed := <-wrote
	if failed != nil && !errors.Is(failed, io.ErrClosedPipe) && (err == nil || fault.As(failed) != nil) {
		return failed
	}
	return err
}

// counted reports how much has passed.
type counted struct {
	r        io.Reader
	progress fanout.Progress
	what     string
	n        int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	before := c.n >> 20
	if c.n += int64(n); c.n>>20 != before {
		c.progress.Line(fmt.Sprintf("%s %d MiB", c.what, c.n>>20))
	}
	return n, err
}

// CompleteBackup makes a backup whole: every part is at the target, the manifest beside them, and the catalogue says so.
func (a *Activities) CompleteBackup(ctx context.Context, in Input) error {
	defer fanout.Alive(ctx)()
	rec, err := a.own(ctx, in)
	if err != nil {
		return err
	}
	b, _, err := a.Catalogue.Store.Backup(ctx, in.Backup)
	if err != nil || b.State == lifecycle.BackupWhole {
		return err
	}
	if b.State != lifecycle.BackupUnfinished || b.RunID != in.RunID {
		return fault.New(fault.Conflict, "backup %s is %s and belongs to another operation", b.ID, b.State)
	}
	_, to, err := a.Catalogue.Target(b.Target)
	if err != nil {
		return err
	}
	b.Parts, b.Roles = nil, rolesOf(rec)
	for _, part := range lifecycle.PartsOf(rec, in.Policy) {
		s, stored, err := parts.Stored(ctx, to, parts.Place{Point: b.ID, Part: part.Name()})
		if err != nil {
			return err
		}
		if !stored {
			return fault.New(fault.Internal, "part %s of backup %s is not at target %s", part.Name(), b.ID, b.Target)
		}
		part.Files, part.Bytes, part.Stored, part.SHA256 = s.Files, s.Bytes, s.Stored, s.SHA256
		b.Parts = append(b.Parts, part)
	}
	b.Prints, b.CompletedAt, b.State = byLabel(rec), a.now(), lifecycle.BackupWhole
	kept, err := rec.Portable()
	if err != nil {
		return err
	}
	sum, err := catalogue.WriteManifest(ctx, to, lifecycle.Manifest{Backup: *b, Record: kept})
	if err != nil {
		return err
	}
	done := *b
	_, err = a.Catalogue.Update(ctx, in.Backup, func(b *lifecycle.Backup) error {
		if b.State != lifecycle.BackupUnfinished || b.RunID != in.RunID {
			return fault.New(fault.Conflict, "backup %s belongs to another operation by now", b.ID)
		}
		*b = done
		b.Manifest = sum
		return nil
	})
	return err
}

// rolesOf names the nodes of each role.
func rolesOf(rec *lifecycle.Record) []lifecycle.BackupRole {
	var out []lifecycle.BackupRole
	for _, r := range rec.Spec.Roles {
		role := lifecycle.BackupRole{Role: r.Name, SIDs: []int{}}
		for _, n := range rec.Nodes {
			if n.Role == r.Name {
				role.SIDs = append(role.SIDs, n.SID)
			}
		}
		out = append(out, role)
	}
	return out
}

// byLabel are the prints of verify by "role/sid", which a restored cluster shares.
func byLabel(rec *lifecycle.Record) map[string]lifecycle.Print {
	if len(rec.Prints) == 0 {
		return nil
	}
	out := map[string]lifecycle.Print{}
	for _, n := range rec.Nodes {
		if p, ok := rec.Prints[n.ID]; ok {
			out[n.Label()] = p
		}
	}
	return out
}

// TidyBackup removes what a backup or a restore left at the cluster: snapshots and folders. A snapshot that cannot be deleted
// goes to the orphan ledger.
func (a *Activities) TidyBackup(ctx context.Context, in NodesInput) error {
	rec, err := a.own(ctx, in.Input)
	if err != nil {
		return err
	}
	if in.Policy == lifecycle.PolicyCustom {
		return a.each(ctx, rec, in.Nodes, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) error {
			return a.Nodes.RemoveFolder(ctx, n, lifecycle.FolderOf(rec.Spec, n.Role, in.Backup))
		})
	}
	p, err := a.snapshots(rec)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var orphans []lifecycle.Orphan
	err = a.each(ctx, rec, in.Nodes, atOnce, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) error {
		for _, volume := range n.VolumeIDs {
			if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
				return err
			}
			id := snapshotID(in.Backup, volume)
			if err := p.DeleteSnapshot(ctx, id); err != nil {
				mu.Lock()
				orphans = append(orphans, lifecycle.Orphan{
					ClusterID: rec.ClusterID, NodeID: n.ID, Provider: rec.Provider, Kind: lifecycle.KindSnapshot, ID: id,
					Why: rec.Operation.Type, Reason: bounds.Reason(err),
				})
				mu.Unlock()
			}
		}
		return nil
	})
	if len(orphans) > 0 {
		if _, err := ledger.Keep(ctx, a.Ledger, orphans, a.Now()); err != nil {
			return err
		}
	}
	return err
}
