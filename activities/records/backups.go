package records

import (
	"context"
	"slices"
	"time"

	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ids"
	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
	"drover/workflows/api"
)

// newBackupID is a random id of a backup.
func newBackupID() string { return "s-" + ids.New() }

// beginBackup checks that the cluster can be backed up, and chooses the backup's id and its place in a chain.
func (a *Activities) beginBackup(ctx context.Context, rec *lifecycle.Record, in api.BackupClusterInput, retried bool, out *Begun) error {
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return err
	}
	if err := refused(rec, lifecycle.MayBackup(rec, providers.NoSnapshots(p))); err != nil {
		return err
	}
	name, _, err := a.Catalogue.Target(in.Target)
	if err != nil {
		return err
	}
	if !retried {
		all, err := a.Catalogue.Store.Backups(ctx)
		if err != nil {
			return err
		}
		work := lifecycle.BackupWork{ID: newBackupID(), Policy: rec.Spec.BackupPolicy, Target: name, Why: lifecycle.BackupManual}
		if in.Scheduled {
			work.Why = lifecycle.BackupScheduled
		}
		if !in.Full {
			work.Parent = lifecycle.NextParent(all, rec, name, in.Chain)
		}
		rec.Operation.Backup = &work
	}
	rec.Prints = nil
	return a.arguments(ctx, rec, in.Params, out)
}

// arguments makes the argument of backup, verify, restore and delete_snapshot by role, and gives the workflow what the
// operation does.
func (a *Activities) arguments(ctx context.Context, rec *lifecycle.Record, params api.Values, out *Begun) error {
	out.Backup = rec.Operation.Backup
	out.Params = map[string]string{}
	var pkg *specs.Package
	for _, r := range rec.Spec.Roles {
		argument := map[string]any{}
		if service, ok := r.Services[lifecycle.ServiceBackup]; ok && len(params) > 0 {
			if pkg == nil {
				var err error
				if pkg, err = packages.Open(ctx, a.Apps, rec.AppID, rec.VersionID); err != nil {
					return err
				}
			}
			given, err := pkg.ServiceParams(service, params)
			if err != nil {
				return packages.Refusal(err, "the parameters of backup are not valid")
			}
			for key, value := range given {
				argument[key] = value
			}
		}
		argument["snapshot_id"] = out.Backup.ID
		argument["path"] = lifecycle.FolderOf(rec.Spec, r.Name, out.Backup.ID)
		out.Params[r.Name] = string(specs.EncodeJSON(argument))
	}
	return nil
}

// beginInPlace checks that a backup can be restored over the cluster that runs: only commands of the package can do that.
func (a *Activities) beginInPlace(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.RestoreInPlaceInput, retried bool, out *Begun) error {
	b, err := a.Catalogue.Whole(ctx, in.Backup)
	if err != nil {
		return err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return err
	}
	if err := refused(rec, lifecycle.MayRestoreInPlace(view, *b, in.Force)); err != nil {
		return err
	}
	if _, err := a.Catalogue.Manifest(ctx, b); err != nil {
		return err
	}
	if !retried {
		rec.Operation.Backup = &lifecycle.BackupWork{ID: b.ID, Policy: b.Policy, Target: b.Target}
		if providers.NoSnapshots(p) == "" {
			rec.Operation.Backup.Safety = newBackupID()
		}
	}
	return a.arguments(ctx, rec, nil, out)
}

// beginDeleteBackup finds the points to delete. The cluster may be gone: then there is no record, and nothing to run.
func (a *Activities) beginDeleteBackup(ctx context.Context, clusterID string, in api.DeleteBackupInput) (*lifecycle.BackupWork, error) {
	b, _, err := a.Catalogue.Store.Backup(ctx, in.Backup)
	if err != nil {
		return nil, err
	}
	if b.ClusterID != clusterID {
		return nil, fault.New(fault.Invalid, "backup %s is one of cluster %s, not of %s", b.ID, b.ClusterID, clusterID).
			WithHint("start DeleteBackup under workflow id %s", api.WorkflowID(b.ClusterID))
	}
	if _, _, err := a.Catalogue.Target(b.Target); err != nil {
		return nil, err
	}
	all, err := a.Catalogue.Store.Backups(ctx)
	if err != nil {
		return nil, err
	}
	deletes := lifecycle.WithLater(all, b.ID)
	if later := len(deletes) - 1; later > 0 && !in.Later {
		return nil, fault.New(fault.NotAllowed, "backup %s is followed by %d points of its chain that need it: %v", b.ID, later, deletes[:later]).
			WithHint("delete them together with it: drover backup delete %s --later", b.ID)
	}
	return &lifecycle.BackupWork{ID: b.ID, Policy: b.Policy, Target: b.Target, Deletes: deletes}, nil
}

// PrepareRestoreInput starts a cluster from a backup.
type PrepareRestoreInput struct {
	ClusterID string                  `json:"cluster_id"`
	RunID     string                  `json:"run_id"`
	Type      string                  `json:"type"` // workflow type
	Restore   api.RestoreClusterInput `json:"restore"`
}

// PrepareRestore checks everything that can be checked before anything is made, chooses the ids of the new cluster and
// writes its control record, state creating: version, sizes, values and server ids are those of the backup.
func (a *Activities) PrepareRestore(ctx context.Context, in PrepareRestoreInput) (Begun, error) {
	if rec, exists, err := a.alreadyMade(ctx, in.ClusterID, in.RunID, in.Type); exists || err != nil {
		if err != nil {
			return Begun{}, err
		}
		return a.restoring(ctx, rec, false, nil)
	}
	if err := a.noOrphans(ctx, in.ClusterID); err != nil {
		return Begun{}, err
	}
	for range control.MaxTries {
		rec, warnings, err := a.restoredRecord(ctx, in)
		if err != nil {
			return Begun{}, err
		}
		if in.Restore.DryRun {
			return a.restoring(ctx, rec, true, warnings)
		}
		if err := a.Attempt.StillCurrent(ctx, fanout.None()); err != nil {
			return Begun{}, err // the cluster may have been made, and released again
		}
		_, raced := a.Records.PutClaiming(ctx, rec, 0, lifecycle.Claims{})
		if raced == nil {
			return a.restoring(ctx, rec, false, warnings)
		}
		if !fault.Is(raced, fault.Conflict) {
			return Begun{}, raced
		}
		// By another attempt of this one, or a claim was made a moment ago, as in PrepareCreate.
		if rec, exists, err := a.alreadyMade(ctx, in.ClusterID, in.RunID, in.Type); exists || err != nil {
			if err != nil {
				return Begun{}, err
			}
			return a.restoring(ctx, rec, false, nil)
		}
	}
	return Begun{}, fault.New(fault.Unreachable, "the name or a gsid of %s was taken during each of %d tries", in.ClusterID, control.MaxTries)
}

// restoring is what the workflow starts from.
func (a *Activities) restoring(ctx context.Context, rec *lifecycle.Record, dryRun bool, warnings []string) (Begun, error) {
	if !dryRun {
		if err := a.checkLinks(ctx, rec.Spec.Links); err != nil {
			return Begun{}, err
		}
		if err := a.mark(ctx, rec.ClusterID, rec.Operation.RunID, rec.Operation.Type); err != nil {
			return Begun{}, err
		}
	}
	out := Begun{View: lifecycle.ViewOf(rec, dryRun), Warnings: warnings}
	return out, a.arguments(ctx, rec, nil, &out)
}

// restoredRecord is the record of the new cluster.
func (a *Activities) restoredRecord(ctx context.Context, in PrepareRestoreInput) (_ *lifecycle.Record, warnings []string, _ error) {
	b, err := a.Catalogue.Whole(ctx, in.Restore.Backup)
	if err != nil {
		return nil, nil, err
	}
	m, err := a.Catalogue.Manifest(ctx, b)
	if err != nil {
		return nil, nil, err
	}
	provider := in.Restore.Provider
	if provider == "" {
		provider = a.DefaultProvider
		if _, served := a.Providers[b.Provider]; served {
			provider = b.Provider
		}
	}
	p, err := a.Providers.Find(provider)
	if err != nil {
		return nil, nil, err
	}
	if why := providers.NoSnapshots(p); b.Policy == lifecycle.PolicyDevice && why != "" {
		return nil, nil, fault.New(fault.NotAllowed, "backup %s has volumes, and provider %s cannot fill any: %s", b.ID, provider, why).
			WithHint("restore with another provider: --provider")
	}
	_, app, err := packages.Published(ctx, a.Apps, b.App, b.Version)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.NotFound, "backup %s cannot be restored", b.ID)
	}
	if err := a.noStrays(ctx, p, &lifecycle.Record{ClusterID: in.ClusterID}); err != nil {
		return nil, nil, err
	}
	rec := m.Record
	if err := readopt(rec, ids.Random{Used: map[int]bool{}}); err != nil {
		return nil, nil, err
	}
	now := a.Now().UTC().Format(time.RFC3339)
	rec.ClusterID, rec.Provider, rec.State, rec.EverActive, rec.PoweredOff, rec.CreatedAt = in.ClusterID, provider, lifecycle.Creating, false, false, now
	rec.RestoredFrom, rec.Target, rec.UpgradeFrom, rec.Protected = b.ID, nil, "", false
	rec.Package = app.Digest
	if in.Restore.Zone != "" {
		rec.Zone = in.Restore.Zone
	}
	if rec.Name, err = a.restoredName(ctx, in, rec.Name); err != nil {
		return nil, nil, err
	}
	rec.Operation = lifecycle.Operation{
		Seq: 1, Type: in.Type, RunID: in.RunID, State: api.OpRunning, StartedAt: now,
		Backup: &lifecycle.BackupWork{ID: b.ID, Policy: b.Policy, Target: b.Target, From: b.ClusterID},
	}
	if err := packages.Follow(ctx, a.Apps, rec); err != nil {
		return nil, nil, err
	}
	rec.Spec.Name = rec.Name
	if in.Restore.Network != "" {
		rec.Spec.VxNet = in.Restore.Network
	}
	if err := a.checkLinks(ctx, rec.Spec.Links); err != nil {
		return nil, nil, err
	}
	if warnings, err = a.room(ctx, p, rec); err != nil {
		return nil, nil, err
	}
	return rec, warnings, control.Publishable(a.Records, rec)
}

// restoredName is the name of the new cluster. One that was asked for must be free; the original's gives way to a cluster
// that has it, which usually is the original.
func (a *Activities) restoredName(ctx context.Context, in PrepareRestoreInput, was string) (string, error) {
	if in.Restore.Name != "" {
		return in.Restore.Name, a.free(ctx, in.Restore.Name, in.ClusterID)
	}
	return a.freeName(ctx, was, in.ClusterID)
}

// readopt gives the nodes of a backup new identities. Roles, server ids and sizes stay: data refers to them.
func readopt(rec *lifecycle.Record, new ids.Random) error {
	for i, n := range rec.Nodes {
		role, ok := rec.Spec.Role(n.Role)
		if !ok || n.CPU <= 0 || n.Memory <= 0 || len(n.VolumeIDs) > 0 && (n.VolumeSize <= 0 || role.Volume == nil) {
			return fault.New(fault.Invalid, "the manifest of the backup lacks the role or the size of %s", n.Label())
		}
		n.ID, n.InstanceID, n.GSID = new.Node(), new.Instance(), new.GSID()
		n.VolumeIDs = slices.Clone(n.VolumeIDs)
		for v := range n.VolumeIDs {
			n.VolumeIDs[v] = new.Volume()
		}
		rec.Nodes[i] = n
	}
	if len(rec.Nodes) == 0 {
		return fault.New(fault.Invalid, "the manifest of the backup has no nodes")
	}
	return nil
}

// alreadyMade finds the record that another attempt has made, and refuses one of another operation.
func (a *Activities) alreadyMade(ctx context.Context, clusterID, run, op string) (*lifecycle.Record, bool, error) {
	rec, _, err := a.Records.Record(ctx, clusterID)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case rec.Operation.RunID == run && rec.Operation.Type == op:
		return rec, true, nil
	}
	return nil, true, fault.New(fault.Conflict, "cluster %s already exists, state %s", clusterID, rec.State).
		WithHint("choose another id, or delete it first: drover delete %s", clusterID)
}
