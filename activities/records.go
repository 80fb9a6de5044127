package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
	"drover/workflows/api"
)

// Records opens and closes operations in the control record.
type Records struct{ Dependencies }

// PrepareCreateInput starts a new cluster.
type PrepareCreateInput struct {
	ClusterID string                 `json:"cluster_id"`
	RunID     string                 `json:"run_id"`
	Create    api.CreateClusterInput `json:"create"`
}

// PrepareCreate checks everything that can be checked before anything is touched, chooses every id the cluster will
// need and writes the control record, state creating. A dry run writes nothing and shows command texts.
func (a *Records) PrepareCreate(ctx context.Context, in PrepareCreateInput) (lifecycle.View, error) {
	if view, exists, err := a.alreadyPrepared(ctx, in); exists || err != nil {
		return view, err
	}
	if err := a.noOrphans(ctx, in.ClusterID); err != nil {
		return lifecycle.View{}, err
	}
	rec, err := a.newRecord(ctx, in)
	if err != nil {
		return lifecycle.View{}, err
	}
	if in.Create.DryRun {
		return lifecycle.ViewOf(rec, true), nil
	}
	_, raced := a.Records.PutRecord(ctx, rec, 0)
	if fault.Is(raced, fault.Conflict) { // by another attempt of this one, of a worker that was given up and woke up, or by a namesake
		if view, exists, err := a.alreadyPrepared(ctx, in); exists || err != nil {
			return view, err
		}
	}
	if raced != nil {
		return lifecycle.View{}, raced
	}
	return a.prepared(ctx, rec)
}

// alreadyPrepared goes on with the record that another attempt has made, and refuses somebody else's.
func (a *Records) alreadyPrepared(ctx context.Context, in PrepareCreateInput) (view lifecycle.View, exists bool, err error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	switch {
	case fault.Is(err, fault.NotFound):
		return view, false, nil
	case err != nil:
		return view, false, err
	case rec.Operation.RunID == in.RunID && rec.Operation.Type == api.CreateCluster:
		view, err = a.prepared(ctx, rec)
		return view, true, err
	}
	return view, true, fault.New(fault.Conflict, "cluster %s already exists, state %s", in.ClusterID, rec.State).
		WithHint("choose another id, or delete it first: drover delete %s", in.ClusterID)
}

// prepared looks at the links once more, now that the record tells of them: a deletion of a linked cluster that began
// meanwhile either is seen here, or sees the record.
func (a *Records) prepared(ctx context.Context, rec *lifecycle.Record) (lifecycle.View, error) {
	if err := a.checkLinks(ctx, rec.Spec); err != nil {
		return lifecycle.View{}, err
	}
	if err := a.Trees.SetOperation(ctx, rec.ClusterID, api.CreateCluster); err != nil {
		return lifecycle.View{}, err
	}
	return lifecycle.ViewOf(rec, false), nil
}

func (a *Records) newRecord(ctx context.Context, in PrepareCreateInput) (*lifecycle.Record, error) {
	provider := in.Create.Provider
	if provider == "" {
		provider = a.DefaultProvider
	}
	if _, err := a.provider(provider); err != nil {
		return nil, err
	}
	version, spec, err := a.render(ctx, in.Create)
	if err != nil {
		return nil, err
	}
	if err := a.checkLinks(ctx, spec); err != nil {
		return nil, err
	}
	used, err := a.usedGSIDs(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := lifecycle.Allocate(spec, RandomIDs{Used: used})
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s %s: %v", in.Create.App, version, err)
	}
	for i := range nodes {
		nodes[i].VersionID = version
	}
	userID := in.Create.UserID
	if userID == "" {
		userID = "drover"
	}
	now := a.Now().UTC().Format(time.RFC3339)
	return &lifecycle.Record{
		ClusterID: in.ClusterID, Name: spec.Name, AppID: in.Create.App, VersionID: version, Provider: provider,
		UserID: userID, Zone: in.Create.Zone, GlobalUUID: uuid.NewString(), State: lifecycle.Creating,
		Values: in.Create.Values, Spec: spec, Nodes: nodes, CreatedAt: now,
		Operation: lifecycle.Operation{
			Seq: 1, Type: api.CreateCluster, RunID: in.RunID, State: api.OpRunning, StartedAt: now,
		},
	}, nil
}

// render finds the published package (the newest version when none is named) and renders it with the user's values.
func (a *Records) render(ctx context.Context, in api.CreateClusterInput) (version string, _ *specs.Cluster, _ error) {
	version = in.Version
	if version == "" {
		newest, err := newestVersion(ctx, a.Apps, in.App)
		if err != nil {
			return "", nil, err
		}
		version = newest
	}
	pkg, err := openApp(ctx, a.Apps, in.App, version)
	if err != nil {
		return "", nil, err
	}
	spec, _, err := pkg.Render(withName(pkg, in.Values, in.Name))
	if err != nil {
		return "", nil, refusal(err, fmt.Sprintf("%s %s cannot be rendered with these values", in.App, version))
	}
	return version, spec, nil
}

// refusal names every problem in its message too: the Temporal UI shows nothing else.
func refusal(err error, what string) error {
	f := fault.Wrap(err, fault.Invalid, "%s", what)
	if len(f.Problems) > 0 {
		f.Message = what + ": " + strings.Join(f.Problems, "; ")
	}
	return f
}

func (a *Records) usedGSIDs(ctx context.Context) (map[int]bool, error) {
	all, err := a.Records.Records(ctx)
	if err != nil {
		return nil, err
	}
	used := map[int]bool{}
	for _, rec := range all {
		for _, n := range rec.Nodes {
			used[n.GSID] = true
		}
	}
	return used, nil
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
}

// EndOperation writes how the operation ended and what the cluster is now.
func (a *Records) EndOperation(ctx context.Context, in EndInput) error {
	_, err := a.update(ctx, in.ClusterID, func(rec *lifecycle.Record) error {
		if rec.Operation.RunID != in.RunID {
			return fault.New(fault.Conflict, "cluster %s: operation %s took over", in.ClusterID, rec.Operation.Type)
		}
		rec.Operation.State, rec.Operation.Skipped = in.Outcome, in.Skipped
		rec.Reason = in.Reason
		if in.PoweredOff != nil {
			rec.PoweredOff = *in.PoweredOff
		}
		if in.ClusterState != "" {
			rec.State = in.ClusterState
		}
		if in.ClusterState == lifecycle.Active {
			rec.EverActive, rec.Previous = true, nil // an active cluster has no way back to take
		}
		return nil
	})
	if err != nil || in.Outcome == api.OpRunning {
		return err
	}
	return a.Trees.SetOperation(ctx, in.ClusterID, "")
}

// casTries bounds how often a record is read again after somebody else wrote it in between.
const casTries = 50

// update reads, changes and writes a record, again when another writer was faster.
func (d Dependencies) update(ctx context.Context, clusterID string, change func(*lifecycle.Record) error) (*lifecycle.Record, error) {
	for range casTries {
		rec, index, err := d.Records.Record(ctx, clusterID)
		if err != nil {
			return nil, err
		}
		if err := change(rec); err != nil {
			return nil, err
		}
		_, err = d.Records.PutRecord(ctx, rec, index)
		if err == nil {
			return rec, nil
		}
		if !fault.Is(err, fault.Conflict) {
			return nil, err
		}
	}
	return nil, fault.New(fault.Unreachable, "the control record of %s kept changing while it was written", clusterID)
}

// provider finds a provider by name.
func (d Dependencies) provider(name string) (providers.Provider, error) {
	if p, ok := d.Providers[name]; ok {
		return p, nil
	}
	var known []string
	for n := range d.Providers {
		known = append(known, n)
	}
	slices.Sort(known)
	return nil, fault.New(fault.Invalid, "provider %q is not served by this worker", name).
		WithHint("known providers: %s", fmt.Sprint(known))
}
