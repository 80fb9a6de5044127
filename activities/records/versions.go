package records

import (
	"context"
	"fmt"

	"drover/activities/internal/control"
	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
	"drover/workflows/api"
)

// beginUpgrade renders the new version with the values in force and those of the request, and checks that it may follow
// the running one.
func (a *Activities) beginUpgrade(ctx context.Context, rec *lifecycle.Record, in BeginInput, retried bool, ahead foreseen) (*api.ValueChanges, error) {
	to := in.Upgrade.Version
	running, err := packages.Open(ctx, a.Apps, rec.AppID, rec.VersionID)
	if err != nil {
		return nil, err
	}
	open := packages.Offered
	if retried { // the cluster has it already
		open = packages.Published
	}
	next, published, err := open(ctx, a.Apps, rec.AppID, to)
	if err != nil {
		return nil, err
	}
	values, spec, carried, err := packages.CarryOver(ctx, running, next, rec, in.Upgrade.Values)
	if err != nil {
		f := packages.Refusal(err, fmt.Sprintf("version %s cannot be rendered with the values of the cluster", to))
		return nil, fault.As(f).WithHint("give values with the upgrade: --set env.name=value")
	}
	changes := valueChanges(carried, in.DryRun)
	if retried {
		return changes, nil
	}
	if err := refused(rec, lifecycle.MayUpgrade(rec.VersionID, rec.Spec, to, spec)); err != nil {
		return nil, err
	}
	if err := a.checkLinks(ctx, newLinks(rec.Spec, spec)); err != nil {
		return nil, err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return nil, err
	}
	if err := ahead.images(ctx, p, to, spec.Roles); err != nil {
		return nil, err
	}
	if err := ahead.refusal(rec.ClusterID); err != nil {
		return nil, err
	}
	rec.Target = &lifecycle.Version{VersionID: to, Package: published.Digest, Spec: spec, Values: values}
	chooseInstances(rec, func(lifecycle.Node) bool { return true })
	shown := *rec
	shown.UpgradeFrom = rec.VersionID
	return changes, control.Publishable(a.Records, &shown)
}

// newLinks are the links of a version that the running one does not have.
func newLinks(running, next *specs.Cluster) map[string]string {
	out := map[string]string{}
	for name, id := range next.Links {
		if running.Links[name] != id {
			out[name] = id
		}
	}
	return out
}

// valueChanges are for people. A dry run lists every value; otherwise kept values only matter where the version has others.
func valueChanges(c *specs.Carried, all bool) *api.ValueChanges {
	views := func(in []specs.ItemValue, which func(specs.ItemValue) bool) []api.ValueView {
		var out []api.ValueView
		for _, v := range in {
			if which(v) {
				out = append(out, api.ValueView{Path: v.Path, Value: v.Value, Was: v.Was, Default: v.Default, Note: v.Note})
			}
		}
		return out
	}
	every := func(specs.ItemValue) bool { return true }
	return &api.ValueChanges{
		New: views(c.New, every), Set: views(c.Set, every), Dropped: c.Dropped,
		Kept: views(c.Kept, func(v specs.ItemValue) bool { return all || v.Default != "" || v.Note != "" }),
	}
}

// beginDowngrade chooses machines for the nodes that boot the target of the upgrade that failed, and finds those on which
// nothing can run.
func (a *Activities) beginDowngrade(ctx context.Context, rec *lifecycle.Record, retried bool) ([]string, error) {
	if rec.Target == nil {
		return nil, fault.New(fault.NotAllowed, "cluster %s has no unfinished upgrade to go back from", rec.ClusterID).At(rec.ClusterID, "", "")
	}
	if !retried {
		for i := range rec.Nodes {
			// An id the upgrade chose may have been used by a try that died; nodes it never came to are left as they are
			// when their turn comes (Replace asks the provider).
			rec.Choose(&rec.Nodes[i], "")
		}
		chooseInstances(rec, func(lifecycle.Node) bool { return true })
	}
	return a.idle(ctx, rec)
}

// idle are the nodes on which nothing can run. There is nothing to stop on them, and no barrier waits for them.
func (a *Activities) idle(ctx context.Context, rec *lifecycle.Record) ([]string, error) {
	p, err := a.Providers.Find(rec.Provider)
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
