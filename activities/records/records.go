package records

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/google/uuid"

	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ids"
	"drover/activities/internal/instances"
	"drover/activities/internal/ledger"
	"drover/activities/internal/packages"
	"drover/activities/internal/release"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/specs"
	"drover/workflows/api"
)

// PrepareCreateInput starts a new cluster.
type PrepareCreateInput struct {
	ClusterID string                 `json:"cluster_id"`
	RunID     string                 `json:"run_id"`
	Create    api.CreateClusterInput `json:"create"`
}

// Prepared is what a creation starts from.
type Prepared struct {
	lifecycle.View
	// Warnings are what may make the operation fail later.
	Warnings []string `json:"warnings,omitempty"`
}

// PrepareCreate checks everything that can be checked before anything is touched, chooses every id the cluster will
// need and writes the control record, state creating. A dry run writes nothing and shows command texts.
func (a *Activities) PrepareCreate(ctx context.Context, in PrepareCreateInput) (Prepared, error) {
	if view, exists, err := a.alreadyPrepared(ctx, in); exists || err != nil {
		return view, err
	}
	if err := a.noOrphans(ctx, in.ClusterID); err != nil {
		return Prepared{}, err
	}
	for range control.MaxTries {
		rec, warnings, err := a.newRecord(ctx, in)
		if err != nil {
			return Prepared{}, err
		}
		if in.Create.DryRun {
			return Prepared{lifecycle.ViewOf(rec, true), warnings}, nil
		}
		if err := a.Attempt.StillCurrent(ctx, fanout.None()); err != nil {
			return Prepared{}, err // the cluster may have been made, and released again
		}
		_, raced := a.Records.PutClaiming(ctx, rec, 0, lifecycle.Claims{})
		if raced == nil {
			return a.prepared(ctx, rec, warnings)
		}
		if !fault.Is(raced, fault.Conflict) {
			return Prepared{}, raced
		}
		// By another attempt of this one, of a worker that was given up and woke up, or by a cluster with the same id; or the name
		// was taken a moment ago, or a gsid is taken: the next record has others.
		if view, exists, err := a.alreadyPrepared(ctx, in); exists || err != nil {
			return view, err
		}
	}
	return Prepared{}, fault.New(fault.Unreachable, "the name or a gsid of %s was taken during each of %d tries", in.ClusterID, control.MaxTries)
}

// alreadyPrepared continues with the record that another attempt has made, and refuses one of another operation.
func (a *Activities) alreadyPrepared(ctx context.Context, in PrepareCreateInput) (view Prepared, exists bool, err error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	switch {
	case fault.Is(err, fault.NotFound):
		return view, false, nil
	case err != nil:
		return view, false, err
	case rec.Operation.RunID == in.RunID && rec.Operation.Type == api.CreateCluster:
		view, err = a.prepared(ctx, rec, nil)
		return view, true, err
	}
	return view, true, fault.New(fault.Conflict, "cluster %s already exists, state %s", in.ClusterID, rec.State).
		WithHint("choose another id, or delete it first: drover delete %s", in.ClusterID)
}

// prepared checks the links once more, now that they are on record: a deletion of a linked cluster that began
// meanwhile either is seen here, or sees the record.
func (a *Activities) prepared(ctx context.Context, rec *lifecycle.Record, warnings []string) (Prepared, error) {
	if err := a.checkLinks(ctx, rec.Spec.Links); err != nil {
		return Prepared{}, err
	}
	if err := a.mark(ctx, rec.ClusterID, rec.Operation.RunID, api.CreateCluster); err != nil {
		return Prepared{}, err
	}
	return Prepared{lifecycle.ViewOf(rec, false), warnings}, nil
}

func (a *Activities) newRecord(ctx context.Context, in PrepareCreateInput) (_ *lifecycle.Record, warnings []string, _ error) {
	provider := in.Create.Provider
	if provider == "" {
		provider = a.DefaultProvider
	}
	p, err := a.Providers.Find(provider)
	if err != nil {
		return nil, nil, err
	}
	app, values, spec, err := a.render(ctx, in.Create)
	if err != nil {
		return nil, nil, err
	}
	if err := a.checkLinks(ctx, spec.Links); err != nil {
		return nil, nil, err
	}
	name, err := a.nameFor(ctx, in, spec.Name)
	if err != nil {
		return nil, nil, err
	}
	if name != spec.Name {
		in.Create.Name, in.Create.Version = name, app.VersionID
		if app, values, spec, err = a.render(ctx, in.Create); err != nil {
			return nil, nil, err
		}
	}
	if err := a.noStrays(ctx, p, &lifecycle.Record{ClusterID: in.ClusterID}); err != nil {
		return nil, nil, err
	}
	nodes, err := lifecycle.Allocate(spec, ids.Random{Used: map[int]bool{}})
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "%s %s: %v", app.AppID, app.VersionID, err)
	}
	for i := range nodes {
		nodes[i].VersionID = app.VersionID
	}
	userID := in.Create.UserID
	if userID == "" {
		userID = "drover"
	}
	now := a.Now().UTC().Format(time.RFC3339)
	rec := &lifecycle.Record{
		ClusterID: in.ClusterID, Name: name, AppID: app.AppID, VersionID: app.VersionID, Package: app.Digest, Provider: provider,
		UserID: userID, Zone: in.Create.Zone, GlobalUUID: uuid.NewString(), State: lifecycle.Creating,
		Values: values, Spec: spec, Nodes: nodes, CreatedAt: now, Labels: in.Create.Labels, Protected: in.Create.Protected, Keep: in.Create.Keep,
		Operation: lifecycle.Operation{
			Seq: 1, Type: api.CreateCluster, RunID: in.RunID, State: api.OpRunning, StartedAt: now,
		},
	}
	if warnings, err = a.room(ctx, p, rec); err != nil {
		return nil, nil, err
	}
	return rec, warnings, control.Publishable(a.Records, rec)
}

// room checks that the provider can make the nodes of a new cluster.
func (a *Activities) room(ctx context.Context, p providers.Provider, rec *lifecycle.Record) (warnings []string, _ error) {
	var ahead foreseen
	if err := ahead.images(ctx, p, rec.VersionID, rolesOf(rec, rec.Nodes)); err != nil && !fault.Is(err, fault.Unreachable) {
		return nil, err // a provider that is away is waited for by the step that makes the machines, where operators see it
	}
	if err := ahead.capacity(ctx, a, p, instances.New(rec, rec.Nodes)); err != nil {
		return nil, err
	}
	return ahead.warnings, ahead.refusal(rec.ClusterID)
}

// render finds the published package (the default version when none is named) and renders it with the user's values.
func (a *Activities) render(ctx context.Context, in api.CreateClusterInput) (_ *metadata.App, _ lifecycle.Values, _ *specs.Cluster, err error) {
	version := in.Version
	if version == "" {
		if version, _, err = packages.Default(ctx, a.Apps, in.App); err != nil {
			return nil, nil, nil, err
		}
	}
	pkg, app, err := packages.Offered(ctx, a.Apps, in.App, version)
	if err != nil {
		return nil, nil, nil, err
	}
	spec, values, err := pkg.Revise(ctx, nil, packages.WithName(pkg, in.Values, in.Name))
	if err != nil {
		return nil, nil, nil, packages.Refusal(err, fmt.Sprintf("%s %s cannot be rendered with these values", in.App, version))
	}
	return app, values, spec, nil
}

// Ended is what the record says of a cluster whose operation has ended.
type Ended struct {
	Added     []api.AddedNode `json:"added,omitempty"`
	Endpoints []api.Reached   `json:"endpoints,omitempty"`
}

// EndInput closes an operation.
type EndInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
	// Outcome is how the operation ended; ClusterState is the cluster's state from now on ("" leaves it).
	Outcome      string          `json:"outcome"`
	ClusterState lifecycle.State `json:"cluster_state,omitempty"`
	Reason       string          `json:"reason,omitempty"`
	// PoweredOff is whether the machines are off from now on; nil leaves it.
	PoweredOff *bool `json:"powered_off,omitempty"`
	// Skipped are the failed steps that operators took on themselves: which, who, when and why.
	Skipped []string `json:"skipped,omitempty"`
	// Open are the nodes on which a command of the operation may still run.
	Open []string `json:"open,omitempty"`
	// Added are the nodes that the operation made, whose addresses the answer names.
	Added []string `json:"added,omitempty"`
}

// EndOperation writes how the operation ended and what the cluster is now.
func (a *Activities) EndOperation(ctx context.Context, in EndInput) (Ended, error) {
	rec, err := control.UpdateOwn(ctx, a.Records, a.Attempt, in.ClusterID, in.RunID, func(rec *lifecycle.Record) error {
		rec.Operation.State, rec.Operation.Skipped = in.Outcome, in.Skipped
		rec.Reason = in.Reason
		for _, node := range in.Open {
			if !slices.Contains(rec.Open, node) {
				rec.Open = append(rec.Open, node)
			}
		}
		if in.PoweredOff != nil {
			rec.PoweredOff = *in.PoweredOff
		}
		if in.ClusterState != "" {
			rec.State = in.ClusterState
		}
		switch in.ClusterState {
		case lifecycle.Deleted:
			rec.EnterBin(a.Now())
		case "", lifecycle.Deleting:
		default:
			rec.Binned = nil
		}
		if in.ClusterState == lifecycle.Active {
			rec.EverActive, rec.Target = true, nil // an active cluster runs one version
		}
		return nil
	})
	if err != nil || in.Outcome == api.OpRunning {
		return Ended{}, err
	}
	return ended(rec, in), a.mark(ctx, in.ClusterID, in.RunID, rec.Mark())
}

// ended is what a result names: nodes that are new, and where a cluster is reached that has become active.
func ended(rec *lifecycle.Record, in EndInput) Ended {
	var out Ended
	if in.Outcome != api.OpSucceeded || rec.State != lifecycle.Active {
		return out
	}
	for _, n := range rec.NamedNodes(in.Added[:min(len(in.Added), api.MaxReported)]) {
		out.Added = append(out.Added, api.AddedNode{NodeID: n.ID, Node: n.Label(), IP: n.IP})
	}
	for _, e := range metadata.ServedOf(rec) {
		reached := api.Reached{Name: e.Name, Protocol: e.Protocol, Addresses: []string{}}
		for _, n := range e.Nodes[:min(len(e.Nodes), api.MaxReported)] {
			reached.Addresses = append(reached.Addresses, net.JoinHostPort(n.IP, e.Port))
		}
		out.Endpoints = append(out.Endpoints, reached)
	}
	return out
}

// noOrphans refuses a new cluster under an id whose old resources are still there: they would be taken for its own.
func (a *Activities) noOrphans(ctx context.Context, clusterID string) error {
	left, err := ledger.OfCluster(ctx, a.Ledger, clusterID)
	if err != nil || len(left) == 0 {
		return err
	}
	return fault.New(fault.Conflict, "%d resources of an earlier cluster %s are not released yet, the first: %s", len(left), clusterID, left[0]).
		WithHint("choose another id, or put the cause right and run: drover orphans --retry")
}

// noStrays refuses to make nodes while the provider has resources of the cluster that are on no record: they would be taken
// for the cluster's own, and running nodes among them have server ids that would be given again.
func (a *Activities) noStrays(ctx context.Context, p providers.Provider, rec *lifecycle.Record) error {
	listed, err := release.Listed(ctx, p, rec.ClusterID)
	if fault.Is(err, fault.Unreachable) {
		return nil // the step that makes the machines waits for the provider, where operators see it
	}
	if err != nil {
		return err
	}
	known, err := ledger.OfCluster(ctx, a.Ledger, rec.ClusterID)
	if err != nil {
		return err
	}
	for _, o := range listed {
		if o.Kind == lifecycle.KindSnapshot || rec.Names(o) || slices.ContainsFunc(known, o.Same) {
			continue
		}
		return fault.New(fault.Conflict, "provider %s has %s %s of cluster %s, which is not on a record: the record was lost, or restored from a backup",
			o.Provider, o.Kind, o.ID, rec.ClusterID).At(rec.ClusterID, o.NodeID, "").
			WithHint("release what is on no record: drover orphans %s --collect", rec.ClusterID)
	}
	return nil
}
