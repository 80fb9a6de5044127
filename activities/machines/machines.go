package machines

import (
	"context"

	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/activities/internal/release"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// PowerInput switches machines on or off.
type PowerInput struct {
	NodesInput
	On bool `json:"on"`
}

// Power switches the named nodes' machines on or off. Off ends every process on them; volumes stay.
func (a *Activities) Power(ctx context.Context, in PowerInput) error {
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

// Resize changes cpu and memory of the named nodes' machines. The record has at once what each node has, so that it is
// right however the operation ends, and what it had.
func (a *Activities) Resize(ctx context.Context, in ResizeInput) error {
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
func (a *Activities) Grow(ctx context.Context, in ResizeInput) error {
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

// each changes the machines of the named nodes concurrently, and the record by what the provider answered.
func (a *Activities) each(ctx context.Context, in NodesInput, do func(context.Context, providers.Provider, *lifecycle.Record, *lifecycle.Node) error) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return err
	}
	changed := map[string]lifecycle.Node{}
	var failed []error
	for _, r := range fanout.Run(ctx, rec.NamedNodes(in.Nodes), release.Limit, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (lifecycle.Node, error) {
		if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
			return n, err
		}
		err := do(ctx, p, rec, &n)
		return n, err
	}) {
		if r.Err != nil {
			failed = append(failed, fault.Wrap(r.Err, fault.Internal, "node %s (%s)", r.Node.Label(), r.Node.ID).At(rec.ClusterID, r.Node.ID, ""))
			continue
		}
		changed[r.Node.ID] = r.Value
	}
	if _, err := control.UpdateCurrent(ctx, a.Records, a.Attempt, in.ClusterID, func(rec *lifecycle.Record) error {
		for i, n := range rec.Nodes {
			if now, ok := changed[n.ID]; ok {
				rec.Nodes[i] = now
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return fanout.FirstOf(failed)
}
