package activities

import (
	"context"
	"fmt"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
)

// beginUpgrade renders the new version with the cluster's values, checks that it may follow the running one, and keeps
// the way back.
func (a *Records) beginUpgrade(ctx context.Context, rec *lifecycle.Record, in BeginInput, retried bool, out *Begun) error {
	if !retried {
		pkg, err := openApp(ctx, a.Apps, rec.AppID, in.Upgrade.Version)
		if err != nil {
			return err
		}
		next, err := renderAs(pkg, rec, known(pkg, rec.Values))
		if err != nil {
			return refusal(err, fmt.Sprintf("version %s cannot be rendered with the cluster's values", in.Upgrade.Version))
		}
		if err := refused(rec, lifecycle.MayUpgrade(rec.VersionID, rec.Spec, in.Upgrade.Version, next)); err != nil {
			return err
		}
		rec.Previous = &lifecycle.Previous{VersionID: rec.VersionID, Spec: rec.Spec}
		rec.Spec, rec.VersionID = next, in.Upgrade.Version
		chooseInstances(rec, func(lifecycle.Node) bool { return true })
	}
	out.Before = viewOfPrevious(rec, in.DryRun)
	return nil
}

// beginDowngrade chooses machines for the nodes that boot another version's image than the one before the upgrade. View
// becomes the version to reach, Before the one that runs.
func (a *Records) beginDowngrade(ctx context.Context, rec *lifecycle.Record, in BeginInput, retried bool, out *Begun) error {
	if rec.Previous == nil {
		return fault.New(fault.NotAllowed, "cluster %s has no version before to go back to", rec.ClusterID).At(rec.ClusterID, "", "")
	}
	if !retried {
		for i := range rec.Nodes {
			// An id the upgrade chose may have been used by a try that died; nodes it never came to are left as they are
			// when their turn comes (Replace asks the provider).
			rec.Choose(&rec.Nodes[i], "")
		}
		chooseInstances(rec, func(lifecycle.Node) bool { return true })
	}
	out.Before = viewOfPrevious(rec, in.DryRun)
	for _, n := range rec.Nodes {
		if n.VersionID != rec.Previous.VersionID {
			out.Upgraded = append(out.Upgraded, n.ID)
		}
	}
	var err error
	out.Idle, err = a.idle(ctx, rec)
	return err
}

// idle are the nodes on which nothing can run. There is nothing to stop on them, and nobody waits for them to answer.
func (a *Records) idle(ctx context.Context, rec *lifecycle.Record) ([]string, error) {
	p, err := a.provider(rec.Provider)
	if err != nil {
		return nil, err
	}
	have, err := p.List(ctx, rec.ClusterID)
	if err != nil {
		return nil, err
	}
	runs := map[string]bool{} // by instance
	for _, i := range have.Instances {
		runs[i.ID] = i.State == providers.Running
	}
	var idle []string
	for _, n := range rec.Nodes {
		if !runs[n.InstanceID] || n.AgentOn != n.InstanceID {
			idle = append(idle, n.ID)
		}
	}
	return idle, nil
}

// viewOfPrevious is the cluster as the version before the upgrade describes it.
func viewOfPrevious(rec *lifecycle.Record, withCommands bool) *lifecycle.View {
	before := *rec
	before.Spec, before.VersionID = rec.Previous.Spec, rec.Previous.VersionID
	view := lifecycle.ViewOf(&before, withCommands)
	return &view
}

// renderAs renders a package for a cluster that exists: what operations have changed since (sizes, counts) stays.
func renderAs(pkg *specs.Package, rec *lifecycle.Record, values map[string]any) (*specs.Cluster, error) {
	spec, _, err := pkg.Render(withName(pkg, values, rec.Name))
	if err != nil {
		return nil, err
	}
	for i := range spec.Roles {
		r := &spec.Roles[i]
		was, ok := rec.Spec.Role(r.Name)
		if !ok {
			continue
		}
		r.Count, r.Replica, r.CPU, r.Memory = was.Count, was.Replica, was.CPU, was.Memory
		if r.Volume != nil && was.Volume != nil {
			r.Volume.Size = was.Volume.Size
		}
	}
	spec.Links = rec.Spec.Links
	return spec, nil
}

// withEnv is the record's values and specification with changed env values; only those change.
func (a *Records) withEnv(ctx context.Context, rec *lifecycle.Record, changes map[string]any) (map[string]any, *specs.Cluster, error) {
	pkg, err := openApp(ctx, a.Apps, rec.AppID, rec.VersionID)
	if err != nil {
		return nil, nil, err
	}
	typed, err := pkg.CheckChange(changes)
	if err != nil {
		return nil, nil, refusal(err, "these parameters cannot be changed so")
	}
	values := pkg.Override(rec.Values, typed)
	spec, err := renderAs(pkg, rec, values)
	if err != nil {
		return nil, nil, refusal(err, "the changed parameters cannot be rendered")
	}
	return values, spec, nil
}

// known are the values a package has items for: a new version may have dropped some.
func known(pkg *specs.Package, values map[string]any) map[string]any {
	out := pkg.Override(values, nil)
	for path := range out {
		if _, ok := pkg.Config.Resolve(path); !ok {
			delete(out, path)
		}
	}
	return out
}

// withName gives a cluster its name, where the package lets it be chosen.
func withName(pkg *specs.Package, values map[string]any, name string) map[string]any {
	const item = "cluster.name"
	if _, ok := pkg.Config.Item(item); !ok || name == "" {
		return values
	}
	return pkg.Override(values, map[string]any{item: name})
}

// EnvInput publishes changed env values as a revision.
type EnvInput struct {
	ClusterID string         `json:"cluster_id"`
	Seq       int            `json:"seq"`
	Revision  int64          `json:"revision"`
	Values    map[string]any `json:"values"`
}

// PublishEnv takes the changed values over into the control record and publishes them.
func (a *Records) PublishEnv(ctx context.Context, in EnvInput) error {
	rec, err := a.update(ctx, in.ClusterID, func(rec *lifecycle.Record) error {
		values, spec, err := a.withEnv(ctx, rec, in.Values)
		if err != nil {
			return err
		}
		rec.Values, rec.Spec = values, spec
		return nil
	})
	if err != nil {
		return err
	}
	return a.publish(ctx, rec, in.Seq, in.Revision, false)
}
