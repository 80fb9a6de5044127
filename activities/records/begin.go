package records

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"drover/activities/internal/control"
	"drover/activities/internal/ids"
	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
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
	// LinkedBy are the clusters that link to this one (delete, by force).
	LinkedBy []lifecycle.Linking `json:"linked_by,omitempty"`
	// Values are what the operation does to the values in force.
	Values *api.ValueChanges `json:"values,omitempty"`
	// Params are the JSON arguments of the service to run, by role, defaults filled in.
	Params map[string]string `json:"params,omitempty"`
	// Backup is what an operation on backups does.
	Backup *lifecycle.BackupWork `json:"backup,omitempty"`
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
	if in.DryRun {
		rec, _, err := a.Records.Record(ctx, in.ClusterID)
		if err != nil {
			return Begun{}, err
		}
		return a.begin(ctx, rec, in)
	}
	var out Begun
	rec, err := control.Update(ctx, a.Records, in.ClusterID, func(rec *lifecycle.Record) error {
		var err error
		out, err = a.begin(ctx, rec, in)
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
	return out, a.Trees.SetOperation(ctx, in.ClusterID, in.RunID, in.Type)
}

// begin makes the operation's first changes to the record; a retry finds them made.
func (a *Activities) begin(ctx context.Context, rec *lifecycle.Record, in BeginInput) (Begun, error) {
	var out Begun
	mine := !in.DryRun && rec.Operation.RunID == in.RunID
	retried := mine && !rec.Operation.Clearing && rec.Operation.Type == in.Type // a rollback begins as another type
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
	releases := in.Type == api.DeleteCluster && !lifecycle.GuardsApply(view)
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
	case in.Add != nil:
		err = a.beginAdd(ctx, rec, view, *in.Add, retried, &out)
	case in.Remove != nil:
		err = a.beginRemove(ctx, rec, view, *in.Remove)
	case in.Scale != nil:
		err = a.beginScale(ctx, rec, view, *in.Scale, &out)
	case in.Upgrade != nil:
		out.Values, err = a.beginUpgrade(ctx, rec, in, retried)
	case in.Type == api.DowngradeCluster:
		out.Idle, err = a.beginDowngrade(ctx, rec, retried)
	case in.Type == api.StartCluster:
		beginStart(rec)
	case in.Env != nil:
		out.Values, err = a.beginEnv(ctx, rec, in.Env.Values)
	case in.Repair != nil:
		err = beginRepair(rec, in.Repair.Nodes)
	case in.Restart != nil:
		err = refused(rec, lifecycle.MayRestart(view, in.Restart.Role))
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

// AbandonInput names an operation that could not begin.
type AbandonInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
}

// Abandon undoes what the beginning of an operation wrote before it failed, and nothing else: an operation that was
// refused wrote nothing, and the record may belong to another operation.
func (a *Activities) Abandon(ctx context.Context, in AbandonInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if fault.Is(err, fault.NotFound) {
		return a.Tokens.Revoke(ctx, in.ClusterID) // an earlier try may have been cut off behind the record
	}
	if err != nil || rec.Operation.RunID != in.RunID {
		return err
	}
	if lifecycle.MakesCluster(rec.Operation.Type) {
		return control.Forget(ctx, a.Trees, a.Tokens, in.ClusterID, in.RunID)
	}
	rec, err = control.UpdateOwn(ctx, a.Records, in.ClusterID, in.RunID, func(rec *lifecycle.Record) error {
		rec.Operation.State = api.OpFailed
		rec.TakeBackChoices()
		if rec.Operation.Clearing { // what an earlier operation left may still be to be cleared
			rec.Operation.Clearing = lifecycle.Unfinished(rec)
			return nil
		}
		rec.Nodes = slices.DeleteFunc(rec.Nodes, func(n lifecycle.Node) bool { return slices.Contains(rec.Adding, n.ID) })
		rec.Adding = nil
		if rec.Operation.Type == api.UpgradeCluster {
			rec.Target = nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.Trees.SetOperation(ctx, in.ClusterID, in.RunID, rec.State.Mark())
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

// beginAdd chooses the ids of the new nodes. They are in the record from here on, so that whatever is made for them is
// known, and marked as being added.
func (a *Activities) beginAdd(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.AddNodesInput, retried bool, out *Begun) error {
	role, refusal := lifecycle.RoleToGrow(view, in.Role)
	if refusal != nil {
		return notAllowed(rec, refusal)
	}
	out.Role, out.Added = role, rec.Adding
	if retried {
		return nil
	}
	if err := refused(rec, lifecycle.MayAdd(view, role, in.Count)); err != nil {
		return err
	}
	of, _ := rec.Spec.Role(role)
	if err := packages.CheckSizes(ctx, a.Apps, rec, of, map[string]int{specs.ItemCount: rec.Sizes(of)[specs.ItemCount] + in.Count}); err != nil {
		return err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err == nil {
		err = a.noStrays(ctx, p, rec)
	}
	if err != nil {
		return err
	}
	all, err := a.Records.Records(ctx)
	if err != nil {
		return err
	}
	nodes, err := lifecycle.Extend(rec.Spec, rec.Nodes, role, in.Count, ids.Random{Used: usedGSIDs(all)})
	if err != nil {
		return fault.New(fault.NotAllowed, "%v", err).At(rec.ClusterID, "", "")
	}
	out.Added = nil
	for _, n := range nodes {
		n.VersionID = rec.VersionID
		rec.Nodes = append(rec.Nodes, n)
		out.Added = append(out.Added, n.ID)
	}
	inOrder(rec)
	rec.Adding = out.Added
	return a.promise(ctx, rec, func(*lifecycle.Record) {})
}

// promise refuses what could not be rendered or published once an operation has changed counts or sizes.
func (a *Activities) promise(ctx context.Context, rec *lifecycle.Record, change func(*lifecycle.Record)) error {
	changed, err := rec.Clone()
	if err != nil {
		return err
	}
	change(changed)
	if err := packages.Follow(ctx, a.Apps, changed); err != nil {
		return err
	}
	return control.Publishable(a.Records, changed)
}

func (a *Activities) beginRemove(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.DeleteNodesInput) error {
	if err := refused(rec, lifecycle.MayRemove(view, in.Nodes, in.Force)); err != nil {
		return err
	}
	return a.promise(ctx, rec, func(rec *lifecycle.Record) {
		rec.Nodes = slices.DeleteFunc(rec.Nodes, func(n lifecycle.Node) bool { return slices.Contains(in.Nodes, n.ID) })
	})
}

// beginEnv checks that the changed values can be rendered, recorded and published.
func (a *Activities) beginEnv(ctx context.Context, rec *lifecycle.Record, changes map[string]any) (*api.ValueChanges, error) {
	values, spec, err := packages.WithEnv(ctx, a.Apps, rec, changes)
	if err != nil {
		return nil, err
	}
	set, err := packages.Changes(ctx, a.Apps, rec, changes)
	if err != nil {
		return nil, err
	}
	changed := *rec
	changed.Values, changed.Spec = values, spec
	return &api.ValueChanges{Set: set}, control.Publishable(a.Records, &changed)
}

// inOrder keeps nodes by role, as the specification lists roles, then sid.
func inOrder(rec *lifecycle.Record) {
	rank := map[string]int{}
	for i, r := range rec.Spec.Roles {
		rank[r.Name] = i
	}
	slices.SortStableFunc(rec.Nodes, func(x, y lifecycle.Node) int {
		if x.Role != y.Role {
			return rank[x.Role] - rank[y.Role]
		}
		return x.SID - y.SID
	})
}

// sizePath names a size of a role: "etcd_node.cpu".
func sizePath(role, key string) string {
	if role == "" {
		return key
	}
	return role + "." + key
}

func (a *Activities) beginScale(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.ScaleVerticalInput, out *Begun) error {
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return err
	}
	can := p.Capabilities()
	if can.Fixed && (in.CPU != 0 || in.Memory != 0) {
		return fault.New(fault.NotAllowed, "cpu and memory of %s cannot be changed: provider %q was given its machines as they are", rec.ClusterID, rec.Provider).
			WithHint("add nodes on larger machines and delete the others, or leave --cpu and --memory out")
	}
	out.GrowOnline = can.GrowMountedVolume
	role, refusal := lifecycle.RoleToScale(view, in.Role)
	if refusal != nil {
		return notAllowed(rec, refusal)
	}
	out.Role = role
	size := lifecycle.Size{CPU: in.CPU, Memory: in.Memory, VolumeSize: in.VolumeSize}
	if err := refused(rec, lifecycle.MayScale(view, role, size)); err != nil {
		return err
	}
	of, _ := rec.Spec.Role(role)
	now, wanted := rec.Sizes(of), map[string]int{}
	for key, n := range map[string]int{specs.ItemCPU: size.CPU, specs.ItemMemory: size.Memory, specs.ItemVolumeSize: size.VolumeSize} {
		if n != 0 && n != now[key] {
			wanted[key] = n
		}
	}
	if err := packages.CheckSizes(ctx, a.Apps, rec, of, wanted); err != nil {
		return err
	}
	out.Values = &api.ValueChanges{}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		out.Values.Set = append(out.Values.Set, api.ValueView{
			Path: sizePath(role, key), Value: strconv.Itoa(wanted[key]), Was: strconv.Itoa(now[key]),
		})
	}
	return a.promise(ctx, rec, func(rec *lifecycle.Record) { rec.Resize(role, size) })
}

// beginStart chooses new machines for the nodes that lost their root disk when the cluster was powered off, and for no
// other: an upgrade that failed may have left a choice.
func beginStart(rec *lifecycle.Record) {
	fresh := func(n lifecycle.Node) bool { return rec.PoweredOff && losesRoot(rec, n) }
	for i := range rec.Nodes {
		if n := &rec.Nodes[i]; !fresh(*n) && n.NextInstanceID != "" {
			rec.Choose(n, "")
		}
	}
	chooseInstances(rec, fresh)
}

// beginRepair refuses nodes that are not of the cluster.
func beginRepair(rec *lifecycle.Record, nodes []string) error {
	for _, id := range nodes {
		if _, ok := rec.Node(id); !ok {
			return fault.New(fault.NotFound, "cluster %s has no node %s", rec.ClusterID, id).At(rec.ClusterID, id, "").
				WithHint("drover nodes %s lists them", rec.ClusterID)
		}
	}
	return nil
}

// chooseInstances picks the ids of the machines that will replace those of some nodes.
func chooseInstances(rec *lifecycle.Record, which func(lifecycle.Node) bool) {
	for i := range rec.Nodes {
		if n := &rec.Nodes[i]; n.NextInstanceID == "" && which(*n) {
			rec.Choose(n, ids.Random{}.Instance())
		}
	}
}

// losesRoot reports whether a node's root disk does not outlive a stop of the cluster.
func losesRoot(rec *lifecycle.Record, n lifecycle.Node) bool {
	role, ok := rec.Spec.Role(n.Role)
	return ok && !role.UserAccess
}
