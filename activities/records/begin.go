package records

import (
	"context"
	"slices"
	"time"

	"drover/activities/internal/control"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// BeginInput opens an operation on an existing cluster. At most one of the requests is set.
type BeginInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
	Type      string `json:"type"` // workflow type
	DryRun    bool   `json:"dry_run,omitempty"`

	Delete  *api.DeleteClusterInput  `json:"delete,omitempty"`
	Add     *api.AddNodesInput       `json:"add,omitempty"`
	Remove  *api.DeleteNodesInput    `json:"remove,omitempty"`
	Scale   *api.ScaleVerticalInput  `json:"scale,omitempty"`
	Upgrade *api.UpgradeClusterInput `json:"upgrade,omitempty"`
	Env     *api.UpdateEnvInput      `json:"env,omitempty"`
	Service *api.RunServiceInput     `json:"service,omitempty"`
	Restart *api.RestartClusterInput `json:"restart,omitempty"`
	Repair  *api.RepairClusterInput  `json:"repair,omitempty"`

	Backup       *api.BackupClusterInput  `json:"backup,omitempty"`
	DeleteBackup *api.DeleteBackupInput   `json:"delete_backup,omitempty"`
	InPlace      *api.RestoreInPlaceInput `json:"in_place,omitempty"`
	Cease        *api.CeaseClusterInput   `json:"cease,omitempty"`
}

// forces reports whether the request overrides a guard.
func (in BeginInput) forces() bool {
	return in.Delete != nil && in.Delete.Force || in.Remove != nil && in.Remove.Force || in.InPlace != nil && in.InPlace.Force
}

// Begun is what an operation starts from.
type Begun struct {
	// View is of the version that runs, Target of the one that an unfinished upgrade leads to.
	View   lifecycle.View  `json:"view"`
	Target *lifecycle.View `json:"target,omitempty"`
	// Role is the role to grow or to scale, also when the request names none.
	Role string `json:"role,omitempty"`
	// Added are the ids chosen for new nodes, in the view already.
	Added []string `json:"added,omitempty"`
	// Upgraded are the nodes that boot the target. Idle are those on which nothing can run (downgrade): their machine is off,
	// gone, or so new that no agent was started on it.
	Upgraded []string `json:"upgraded,omitempty"`
	Idle     []string `json:"idle,omitempty"`
	// Unfinished: an operation that died half-way left things in the temporary folders. They are to be cleared and the
	// operation begun again; Stale are the nodes it had begun to add or to release. MayBeOff: it may have switched
	// machines off.
	Unfinished bool     `json:"unfinished,omitempty"`
	Stale      []string `json:"stale,omitempty"`
	MayBeOff   bool     `json:"may_be_off,omitempty"`
	// Open are nodes on which a command of an earlier operation may still run: they are to be asked first.
	Open []string `json:"open,omitempty"`
	// GrowOnline means that the provider grows volumes while they are in use.
	GrowOnline bool `json:"grow_online,omitempty"`
	// Keep is how long a deletion keeps the cluster in the recycle bin, in words; empty: not at all.
	Keep string `json:"keep,omitempty"`
	// LostLinks are the links of a recovered cluster to clusters that are gone or deleted, in words.
	LostLinks []string `json:"lost_links,omitempty"`
	// LinkedBy are the clusters that link to this one (delete, by force).
	LinkedBy []lifecycle.Linking `json:"linked_by,omitempty"`
	// Values are what the operation does to the values in force.
	Values *api.ValueChanges `json:"values,omitempty"`
	// Warnings are what may make the operation fail later.
	Warnings []string `json:"warnings,omitempty"`
	// Params are the JSON arguments of the service to run, by role, defaults filled in.
	Params map[string]string `json:"params,omitempty"`
	// Backup is what an operation on backups does.
	Backup *lifecycle.BackupWork `json:"backup,omitempty"`
}

// continues reports whether an attempt of the same request has begun the operation already. A rollback begins as another type.
func (in BeginInput) continues(rec *lifecycle.Record) bool {
	return !in.DryRun && rec.Operation.RunID == in.RunID && !rec.Operation.Clearing && rec.Operation.Type == in.Type
}

// givenUp reports of a node that it need not be asked whether a command still runs there: the request takes it for gone,
// its machine is released without a command, or the operation asks it itself once its machine exists.
func (in BeginInput) givenUp(releases bool) func(node string) bool {
	all := releases || in.Delete != nil && in.Delete.Force || in.Type == api.RepairCluster
	return func(node string) bool {
		return all || in.Remove != nil && in.Remove.Force && slices.Contains(in.Remove.Nodes, node)
	}
}

// BeginOperation checks everything that can be checked before anything is touched, numbers the operation, chooses the
// ids it will need and marks it as running. The server lets only one run per cluster be open, so another operation
// found running has died without saying so; it is taken over. A dry run writes nothing and shows command texts.
func (a *Activities) BeginOperation(ctx context.Context, in BeginInput) (Begun, error) {
	if in.DeleteBackup != nil {
		if _, _, err := a.Records.Record(ctx, in.ClusterID); fault.Is(err, fault.NotFound) {
			work, err := a.beginDeleteBackup(ctx, in.ClusterID, *in.DeleteBackup) // the backup outlives its cluster
			return Begun{View: lifecycle.View{ClusterID: in.ClusterID}, Backup: work}, err
		}
	}
	var ahead foreseen
	if in.Add != nil || in.Scale != nil || in.Upgrade != nil {
		rec, _, err := a.Records.Record(ctx, in.ClusterID)
		if err != nil {
			return Begun{}, err
		}
		if rec.State == lifecycle.Active && !in.continues(rec) {
			ahead.silent(ctx, a, rec)
		}
	}
	if in.DryRun {
		rec, _, err := a.Records.Record(ctx, in.ClusterID)
		if err != nil {
			return Begun{}, err
		}
		return a.begin(ctx, rec, in, ahead)
	}
	var out Begun
	rec, err := control.UpdateCurrent(ctx, a.Records, a.Attempt, in.ClusterID, func(rec *lifecycle.Record) error {
		var err error
		out, err = a.begin(ctx, rec, in, ahead)
		return err
	})
	if err != nil {
		return Begun{}, err
	}
	if in.Delete != nil && !out.Unfinished {
		// Again, now that the deletion is on record: a cluster that was created meanwhile either sees that, or is
		// seen here.
		if out.LinkedBy, err = a.beginDelete(ctx, rec, *in.Delete); err != nil {
			return Begun{}, err
		}
	}
	// The operation before is over, however it ended: what it may have half published must not block this one.
	if err := a.Trees.Disown(ctx, in.ClusterID, in.RunID); err != nil {
		return Begun{}, err
	}
	// It may also have died after its last publish and before the record knew.
	published, err := a.Trees.Revision(ctx, in.ClusterID)
	if err != nil {
		return Begun{}, err
	}
	out.View.Revision = max(out.View.Revision, published)
	return out, a.mark(ctx, in.ClusterID, in.RunID, in.Type)
}

// begin makes the operation's first changes to the record; a retry finds them made.
func (a *Activities) begin(ctx context.Context, rec *lifecycle.Record, in BeginInput, ahead foreseen) (Begun, error) {
	var out Begun
	mine, retried := !in.DryRun && rec.Operation.RunID == in.RunID, in.continues(rec)
	if !mine {
		if rec.Operation.State == api.OpRunning {
			rec.PoweredOff = rec.PoweredOff || rec.Operation.Type == api.StopCluster && !rec.Operation.Clearing
			rec.State = lifecycle.AfterDeath(rec)
			rec.Open = lifecycle.WithAgent(rec)
		}
		if refusal := lifecycle.May(in.Type, rec.State); refusal != nil {
			return out, notAllowed(rec, refusal)
		}
		if err := refused(rec, lifecycle.Protects(rec, in.Type, in.forces())); err != nil {
			return out, err
		}
		rec.Operation = lifecycle.Operation{
			Seq: rec.Operation.Seq + 1, Type: in.Type, RunID: in.RunID, State: api.OpRunning,
			StartedAt: a.Now().UTC().Format(time.RFC3339),
		}
	}
	view := lifecycle.ViewOf(rec, in.DryRun)
	releases := in.Type == api.DeleteCluster && !lifecycle.GuardsApply(view) || in.Cease != nil
	out.Open = lifecycle.ToAsk(rec, in.givenUp(releases))
	if !retried && !releases && lifecycle.Unfinished(rec) {
		rec.Operation.Clearing = true // it begins again once the remains are cleared
		return Begun{View: view, Unfinished: true, Open: out.Open, Stale: lifecycle.Stale(rec), MayBeOff: len(rec.VerticalScaling) > 0}, nil
	}
	rec.Operation.Clearing = false
	var err error
	switch {
	case in.Delete != nil:
		out.LinkedBy, err = a.beginDelete(ctx, rec, *in.Delete)
		out.Keep = a.keep(rec, view, *in.Delete)
	case in.Type == api.RecoverCluster:
		out.LostLinks, err = a.beginRecover(ctx, rec)
	case in.Cease != nil:
		err = refused(rec, lifecycle.MayCease(rec, in.Cease.Expired, a.Now()))
	case in.Add != nil:
		err = a.beginAdd(ctx, rec, view, *in.Add, retried, ahead, &out)
	case in.Remove != nil:
		err = a.beginRemove(ctx, rec, view, *in.Remove)
	case in.Scale != nil:
		err = a.beginScale(ctx, rec, view, *in.Scale, retried, ahead, &out)
	case in.Upgrade != nil:
		out.Values, err = a.beginUpgrade(ctx, rec, in, retried, ahead)
	case in.Type == api.DowngradeCluster:
		out.Idle, err = a.beginDowngrade(ctx, rec, retried)
	case in.Type == api.StartCluster:
		beginStart(rec)
	case in.Env != nil:
		out.Values, err = a.beginEnv(ctx, rec, in.Env.Values)
	case in.Repair != nil:
		err = beginRepair(rec, *in.Repair)
	case in.Restart != nil:
		if err = refused(rec, lifecycle.MayRestart(view, in.Restart.Role)); err == nil {
			err = ofCluster(rec, in.Restart.Nodes)
		}
	case in.Backup != nil:
		err = a.beginBackup(ctx, rec, *in.Backup, retried, &out)
	case in.InPlace != nil:
		err = a.beginInPlace(ctx, rec, view, *in.InPlace, retried, &out)
	case in.DeleteBackup != nil:
		if rec.Operation.Backup, err = a.beginDeleteBackup(ctx, rec.ClusterID, *in.DeleteBackup); err == nil {
			err = a.arguments(ctx, rec, nil, &out)
		}
	case in.Service != nil:
		out.Params, err = a.beginService(ctx, rec, view, *in.Service)
	}
	if err != nil {
		return Begun{}, err
	}
	out.View, out.Target, out.Upgraded = lifecycle.ViewOf(rec, in.DryRun), lifecycle.TargetViewOf(rec, in.DryRun), rec.Upgraded()
	return out, nil
}

func notAllowed(rec *lifecycle.Record, r *lifecycle.Refusal) error {
	return fault.New(fault.NotAllowed, "%s", r.Why).WithHint("%s", r.Hint).At(rec.ClusterID, "", "")
}

func refused(rec *lifecycle.Record, r *lifecycle.Refusal) error {
	if r == nil {
		return nil
	}
	return notAllowed(rec, r)
}
