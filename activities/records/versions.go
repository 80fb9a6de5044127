package records

import (
	"context"
	"fmt"

	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// beginUpgrade renders the new version with the cluster's values, and checks that it may follow the running one.
func (a *Activities) beginUpgrade(ctx context.Context, rec *lifecycle.Record, in BeginInput, retried bool) error {
	if !retried {
		pkg, err := packages.Open(ctx, a.Apps, rec.AppID, in.Upgrade.Version)
		if err != nil {
			return err
		}
		next, err := packages.RenderAs(ctx, pkg, rec, packages.Known(pkg, rec.Values))
		if err != nil {
			return packages.Refusal(err, fmt.Sprintf("version %s cannot be rendered with the cluster's values", in.Upgrade.Version))
		}
		if err := refused(rec, lifecycle.MayUpgrade(rec.VersionID, rec.Spec, in.Upgrade.Version, next)); err != nil {
			return err
		}
		rec.Target = &lifecycle.Version{VersionID: in.Upgrade.Version, Spec: next}
		chooseInstances(rec, func(lifecycle.Node) bool { return true })
	}
	return nil
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
