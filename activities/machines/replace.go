package machines

import (
	"context"

	"drover/activities/internal/instances"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// Image is what a new machine boots.
type Image string

const (
	NewVersion      Image = "new"      // the version an upgrade leads to
	PreviousVersion Image = "previous" // the version before the upgrade
	FreshRoot       Image = "fresh"    // the version it has, on a new root disk
	OtherMachine    Image = "other"    // the same, also where the provider has lost the machine, or cannot exchange it
)

// ReplaceInput names nodes that get a new machine.
type ReplaceInput struct {
	NodesInput
	To Image `json:"to"`
}

// Replace gives nodes a new machine under the instance id that was chosen for it. Node id, sid, address and volumes
// stay (UP2). A node without a chosen id has its new machine already. Which machine a node has now is asked of the
// provider: an earlier try may have replaced it and died before it could say so.
func (a *Activities) Replace(ctx context.Context, in ReplaceInput) error {
	now, err := a.machineOf(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	return a.each(ctx, in.NodesInput, func(ctx context.Context, p providers.Provider, rec *lifecycle.Record, n *lifecycle.Node) error {
		if n.NextInstanceID == "" {
			return nil
		}
		to := rec.Running()
		if in.To == NewVersion {
			if rec.Target == nil {
				return fault.New(fault.Internal, "cluster %s is not being upgraded", rec.ClusterID)
			}
			to = *rec.Target
		}
		has := now[n.ID]
		if (in.To == NewVersion || in.To == PreviousVersion) && has == n.InstanceID && n.VersionID == to.VersionID {
			n.NextInstanceID = "" // it boots that version already
			return nil
		}
		if has == "" || has == n.NextInstanceID {
			has = n.InstanceID
		}
		role, ok := to.Spec.Role(n.Role)
		if !ok {
			return fault.New(fault.Internal, "role %q is not in the specification of version %s", n.Role, to.VersionID)
		}
		next := *n
		next.InstanceID = n.NextInstanceID
		inst, err := p.ReplaceImage(ctx, has, instances.Spec(rec, role, next, a.AuthorizedKey))
		if (in.To == PreviousVersion || in.To == OtherMachine) && (fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound)) {
			// The upgrade left a machine that was never finished, or none: the way back is a new one on the old volumes. So it is
			// where a machine broke.
			inst, err = remake(ctx, p, []string{has, n.InstanceID}, instances.Spec(rec, role, next, a.AuthorizedKey))
		}
		if err != nil {
			return err
		}
		describe(n, inst)
		n.InstanceID, n.NextInstanceID, n.VersionID = n.NextInstanceID, "", to.VersionID
		return nil
	})
}

// remake makes a machine where replacing one is not possible: it may get another address.
func remake(ctx context.Context, p providers.Provider, old []string, spec providers.InstanceSpec) (providers.Instance, error) {
	for _, id := range old {
		if id == spec.ID {
			continue
		}
		if err := p.DeleteInstance(ctx, id); err != nil {
			return providers.Instance{}, err
		}
	}
	return p.CreateInstance(ctx, spec)
}

// machineOf gives which instance each node of a cluster has.
func (a *Activities) machineOf(ctx context.Context, clusterID string) (map[string]string, error) {
	rec, _, err := a.Records.Record(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return nil, err
	}
	resources, err := p.List(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	now := map[string]string{}
	for _, inst := range resources.Instances {
		now[inst.Tags.NodeID] = inst.ID
	}
	return now, nil
}
