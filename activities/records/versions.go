package records

import (
	"context"
	"fmt"

	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// beginUpgrade renders the new version with the cluster's values, checks that it may follow the running one, and keeps
// the way back.
func (a *Activities) beginUpgrade(ctx context.Context, rec *lifecycle.Record, in BeginInput, retried bool, out *Begun) error {
	if !retried {
		pkg, err := packages.Open(ctx, a.Apps, rec.AppID, in.Upgrade.Version)
		if err != nil {
			return err
		}
		next, err := packages.RenderAs(pkg, rec, packages.Known(pkg, rec.Values))
		if err != nil {
			return packages.Refusal(err, fmt.Sprintf("version %s cannot be rendered with the cluster's values", in.Upgrade.Version))
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
func (a *Activities) beginDowngrade(ctx context.Context, rec *lifecycle.Record, in BeginInput, retried bool, out *Begun) error {
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

// viewOfPrevious is the cluster as the version before the upgrade describes it.
func viewOfPrevious(rec *lifecycle.Record, withCommands bool) *lifecycle.View {
	before := *rec
	before.Spec, before.VersionID = rec.Previous.Spec, rec.Previous.VersionID
	view := lifecycle.ViewOf(&before, withCommands)
	return &view
}
