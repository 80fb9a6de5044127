package machines

import (
	"context"

	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/activities/internal/instances"
	"drover/activities/internal/release"
	"drover/activities/internal/views"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
)

// Provision makes volumes and instance of every named node under the ids the record holds, and records what the
// provider answered (addresses, host keys). Nodes that exist already are taken as they are.
func (a *Activities) Provision(ctx context.Context, in NodesInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return err
	}
	if err := a.Attempt.StillCurrent(ctx, fanout.None()); err != nil {
		return err
	}
	if err := p.EnsureNetwork(ctx, providers.Network{ClusterID: rec.ClusterID, VxNet: rec.Spec.VxNet}); err != nil {
		return fault.Wrap(err, fault.Internal, "network %q", rec.Spec.VxNet)
	}
	made := make(map[string]providers.Instance, len(in.Nodes))
	results := fanout.Run(ctx, rec.NamedNodes(in.Nodes), release.Limit, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (providers.Instance, error) {
		if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
			return providers.Instance{}, err
		}
		return a.provisionNode(ctx, p, rec, n)
	})
	var failed []error
	pairs := map[string]keyPair{}
	for _, r := range results {
		if r.Err != nil {
			failed = append(failed, fault.Wrap(r.Err, fault.Internal, "node %s (%s)", r.Node.Label(), r.Node.ID).At(rec.ClusterID, r.Node.ID, ""))
			continue
		}
		made[r.Node.ID] = r.Value
		if role, ok := rec.Spec.Role(r.Node.Role); ok && role.Passphraseless != "" && r.Node.PrivateKey == "" {
			if pairs[r.Node.ID], err = a.newKeyPair(r.Node.ID); err != nil {
				return err
			}
		}
	}
	if _, err := control.UpdateCurrent(ctx, a.Records, a.Attempt, in.ClusterID, func(rec *lifecycle.Record) error {
		for i := range rec.Nodes {
			if inst, ok := made[rec.Nodes[i].ID]; ok {
				describe(&rec.Nodes[i], inst)
				if keys, ok := pairs[rec.Nodes[i].ID]; ok {
					rec.Nodes[i].PubKey, rec.Nodes[i].PrivateKey = keys.public, keys.private
				}
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return a.withBin(ctx, rec.Provider, fanout.FirstOf(failed))
}

// withBin adds to the fault of a provider that is full how many machines deleted clusters keep there.
func (a *Activities) withBin(ctx context.Context, provider string, err error) error {
	f := fault.As(err)
	if f == nil || f.Type != fault.NoCapacity && f.Type != fault.NotAllowed {
		return err
	}
	full := *f
	full.Hint = views.BinHint(ctx, a.Records, provider, f.Hint)
	return &full
}

func (a *Activities) provisionNode(ctx context.Context, p providers.Provider, rec *lifecycle.Record, n lifecycle.Node) (providers.Instance, error) {
	role, ok := rec.Spec.Role(n.Role)
	if !ok {
		return providers.Instance{}, fault.New(fault.Internal, "role %q is not in the specification", n.Role)
	}
	tags := providers.Tags{ClusterID: rec.ClusterID, NodeID: n.ID}
	for i, size := range lifecycle.VolumeSizes(n.VolumeSize, len(n.VolumeIDs)) {
		if _, err := p.CreateVolume(ctx, providers.VolumeSpec{
			ID: n.VolumeIDs[i], Tags: tags, SizeGiB: size, Class: volumeClass(role), Filesystem: role.Volume.Filesystem,
		}); err != nil {
			return providers.Instance{}, err
		}
	}
	return p.CreateInstance(ctx, instances.Spec(rec, role, n, a.AuthorizedKey))
}

func volumeClass(role *specs.Role) string {
	if role.Volume.Class != "" {
		return role.Volume.Class
	}
	return role.VolumeClass
}

// describe takes over what the provider said about a node's machine.
func describe(n *lifecycle.Node, inst providers.Instance) {
	n.IP, n.MAC = inst.IP, inst.MAC
	n.Hypervisor, n.PhysicalMachine = inst.Hypervisor, inst.PhysicalMachine
	if inst.Zone != "" {
		n.Zone = inst.Zone
	}
	n.SSH = inst.SSH
}

type keyPair struct{ public, private string }

func (a *Activities) newKeyPair(comment string) (keyPair, error) {
	if a.KeyPairs == nil {
		return keyPair{}, fault.New(fault.Internal, "this worker makes no key pairs, and node %s needs one", comment)
	}
	public, private, err := a.KeyPairs(comment)
	return keyPair{public, private}, err
}
