package activities

import (
	"context"
	"slices"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// Machines changes machines that exist: power, size, image.
type Machines struct{ Dependencies }

// PowerInput switches machines on or off.
type PowerInput struct {
	NodesInput
	On bool `json:"on"`
}

// Power switches the named nodes' machines on or off. Off ends every process on them; volumes stay.
func (a *Machines) Power(ctx context.Context, in PowerInput) error {
	return a.each(ctx, in.NodesInput, func(ctx context.Context, p providers.Provider, _ *lifecycle.Record, n *lifecycle.Node) error {
		if !in.On {
			if err := p.StopInstance(ctx, n.InstanceID); !fault.Is(err, fault.NotFound) {
				return err
			}
			return nil // a machine that is not there is off
		}
		inst, err := p.StartInstance(ctx, n.InstanceID)
		if err == nil {
			describe(n, inst)
		}
		return err
	})
}

// ResizeInput gives machines a size.
type ResizeInput struct {
	NodesInput
	// Size to give; 0 keeps what the node has.
	Size lifecycle.Size `json:"size"`
	// Back gives every node the cpu and memory it had before the scaling that is under way.
	Back bool `json:"back,omitempty"`
}

// Resize changes cpu and memory of the named nodes' machines. The record says at once what each node has, so that it is
// right however the operation ends, and what it had.
func (a *Machines) Resize(ctx context.Context, in ResizeInput) error {
	return a.each(ctx, in.NodesInput, func(ctx context.Context, p providers.Provider, _ *lifecycle.Record, n *lifecycle.Node) error {
		size, had := in.Size, lifecycle.Size{CPU: n.CPU, Memory: n.Memory, VolumeSize: n.VolumeSize}
		if in.Back {
			size = had
			if n.Was != nil {
				size = *n.Was
			}
		}
		if size.CPU == 0 {
			size.CPU = n.CPU
		}
		if size.Memory == 0 {
			size.Memory = n.Memory
		}
		if err := p.ResizeInstance(ctx, n.InstanceID, providers.Size{CPU: size.CPU, Memory: size.Memory, GPU: n.GPU}); err != nil {
			return err
		}
		n.CPU, n.Memory = size.CPU, size.Memory
		switch {
		case in.Back:
			n.Was = nil
		case n.Was == nil:
			n.Was = &had
		}
		return nil
	})
}

// Grow makes the volumes of the named nodes larger. VolumeSize is GiB in all for a node, split over its volumes.
func (a *Machines) Grow(ctx context.Context, in ResizeInput) error {
	return a.each(ctx, in.NodesInput, func(ctx context.Context, p providers.Provider, _ *lifecycle.Record, n *lifecycle.Node) error {
		before := lifecycle.VolumeSizes(n.VolumeSize, len(n.VolumeIDs))
		for i, size := range lifecycle.VolumeSizes(in.Size.VolumeSize, len(n.VolumeIDs)) {
			if size <= before[i] {
				continue
			}
			if err := p.GrowVolume(ctx, n.VolumeIDs[i], size); err != nil {
				return err
			}
		}
		if len(n.VolumeIDs) > 0 {
			n.VolumeSize = max(n.VolumeSize, in.Size.VolumeSize)
		}
		return nil
	})
}

// Image says what a new machine boots.
type Image string

const (
	NewVersion      Image = "new"      // the version an upgrade leads to
	PreviousVersion Image = "previous" // the version before the upgrade
	FreshRoot       Image = "fresh"    // the version it has, on a new root disk
)

// ReplaceInput names nodes that get a new machine.
type ReplaceInput struct {
	NodesInput
	To Image `json:"to"`
}

// Replace gives nodes a new machine under the instance id that was chosen for it. Node id, sid, address and volumes
// stay (UP2). A node without a chosen id has its new machine already. Which machine a node has now is asked of the
// provider: an earlier try may have replaced it and died before it could say so.
func (a *Machines) Replace(ctx context.Context, in ReplaceInput) error {
	now, err := a.machineOf(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	return a.each(ctx, in.NodesInput, func(ctx context.Context, p providers.Provider, rec *lifecycle.Record, n *lifecycle.Node) error {
		if n.NextInstanceID == "" {
			return nil
		}
		spec, version := rec.Spec, rec.VersionID
		if in.To == PreviousVersion && rec.Previous != nil {
			spec, version = rec.Previous.Spec, rec.Previous.VersionID
		}
		has := now[n.ID]
		if in.To != FreshRoot && has == n.InstanceID && n.VersionID == version {
			n.NextInstanceID = "" // it boots that version already
			return nil
		}
		if has == "" || has == n.NextInstanceID {
			has = n.InstanceID
		}
		role, ok := spec.Role(n.Role)
		if !ok {
			return fault.New(fault.Internal, "role %q is not in the specification of version %s", n.Role, version)
		}
		next := *n
		next.InstanceID = n.NextInstanceID
		inst, err := p.ReplaceImage(ctx, has, instanceSpec(rec, role, next, a.AuthorizedKey))
		if in.To == PreviousVersion && (fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound)) {
			// The upgrade left a machine that was never finished, or none: the way back is a new one on the old volumes.
			inst, err = anew(ctx, p, []string{has, n.InstanceID}, instanceSpec(rec, role, next, a.AuthorizedKey))
		}
		if err != nil {
			return err
		}
		describe(n, inst)
		n.InstanceID, n.NextInstanceID, n.VersionID = n.NextInstanceID, "", version
		return nil
	})
}

// anew makes a machine where replacing one is not possible: it may get another address.
func anew(ctx context.Context, p providers.Provider, old []string, spec providers.InstanceSpec) (providers.Instance, error) {
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

// machineOf says which instance each node of a cluster has.
func (a *Machines) machineOf(ctx context.Context, clusterID string) (map[string]string, error) {
	rec, _, err := a.Records.Record(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	p, err := a.provider(rec.Provider)
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

// ReleaseNodesInput names nodes whose resources go. After Attempts tries what is left goes to the orphan ledger.
type ReleaseNodesInput struct {
	NodesInput
	Attempts int32 `json:"attempts"`
}

// ReleaseNodes deletes the instances and volumes of the named nodes. What cannot be released after the last attempt goes
// to the orphan ledger, so that it is neither forgotten nor in the way. That they are being released is in the record
// first: there is no way back from here.
func (a *Machines) ReleaseNodes(ctx context.Context, in ReleaseNodesInput) (ReleaseResult, error) {
	rec, err := a.updateOurs(ctx, in.ClusterID, func(rec *lifecycle.Record) error {
		for _, n := range nodesOf(rec, in.Nodes) {
			if !slices.Contains(rec.Releasing, n.ID) {
				rec.Releasing = append(rec.Releasing, n.ID)
			}
		}
		return nil
	})
	if err != nil {
		return ReleaseResult{}, err
	}
	p, err := a.provider(rec.Provider)
	if err != nil {
		return ReleaseResult{}, err
	}
	var orphans []lifecycle.Orphan
	for _, r := range fanOut(ctx, nodesOf(rec, in.Nodes), provisionLimit, func(ctx context.Context, n lifecycle.Node, tell teller) ([]lifecycle.Orphan, error) {
		if err := a.ours(ctx, tell); err != nil {
			return nil, err
		}
		return a.releaseNode(ctx, p, rec, n), nil
	}) {
		if r.err != nil {
			return ReleaseResult{}, r.err
		}
		orphans = append(orphans, r.value...)
	}
	if len(orphans) > 0 && !lastTry(ctx, in.Attempts) {
		return ReleaseResult{}, fault.New(fault.Unreachable, "%s %s could not be released: %s", orphans[0].Kind, orphans[0].ID, orphans[0].Reason)
	}
	return a.keepOrphans(ctx, orphans)
}

func (d Dependencies) releaseNode(ctx context.Context, p providers.Provider, rec *lifecycle.Record, n lifecycle.Node) []lifecycle.Orphan {
	var orphans []lifecycle.Orphan
	for _, o := range orphansOf(rec, n, "") {
		if err := d.remove(ctx, p, o); err != nil {
			o.Reason = reasonOf(err)
			orphans = append(orphans, o)
		}
	}
	return orphans
}

// each changes the machines of the named nodes concurrently, and the record by what the provider answered.
func (a *Machines) each(ctx context.Context, in NodesInput, do func(context.Context, providers.Provider, *lifecycle.Record, *lifecycle.Node) error) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	p, err := a.provider(rec.Provider)
	if err != nil {
		return err
	}
	changed := map[string]lifecycle.Node{}
	var failed []error
	for _, r := range fanOut(ctx, nodesOf(rec, in.Nodes), provisionLimit, func(ctx context.Context, n lifecycle.Node, tell teller) (lifecycle.Node, error) {
		if err := a.ours(ctx, tell); err != nil {
			return n, err
		}
		err := do(ctx, p, rec, &n)
		return n, err
	}) {
		if r.err != nil {
			failed = append(failed, fault.Wrap(r.err, fault.Internal, "node %s (%s)", label(r.node), r.node.ID).At(rec.ClusterID, r.node.ID, ""))
			continue
		}
		changed[r.node.ID] = r.value
	}
	if _, err := a.updateOurs(ctx, in.ClusterID, func(rec *lifecycle.Record) error {
		for i, n := range rec.Nodes {
			if now, ok := changed[n.ID]; ok {
				rec.Nodes[i] = now
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return firstOf(failed)
}
