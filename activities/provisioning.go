package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
)

// Provisioning makes and releases the resources of nodes.
type Provisioning struct{ Dependencies }

// provisionLimit is how many machines are asked for at the same time by one activity: a provider's concern, unlike
// stages, where every node must run at once.
const provisionLimit = 16

// NodesInput names nodes of a cluster.
type NodesInput struct {
	ClusterID string   `json:"cluster_id"`
	Nodes     []string `json:"nodes"`
}

// Provision makes volumes and instance of every named node under the ids the record holds, and records what the
// provider answered (addresses, host keys). Nodes that exist already are taken as they are.
func (a *Provisioning) Provision(ctx context.Context, in NodesInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	p, err := a.provider(rec.Provider)
	if err != nil {
		return err
	}
	if err := a.ours(ctx, nobody()); err != nil {
		return err
	}
	if err := p.EnsureNetwork(ctx, providers.Network{ClusterID: rec.ClusterID, VxNet: rec.Spec.VxNet}); err != nil {
		return fault.Wrap(err, fault.Internal, "network %q", rec.Spec.VxNet)
	}
	made := make(map[string]providers.Instance, len(in.Nodes))
	results := fanOut(ctx, nodesOf(rec, in.Nodes), provisionLimit, func(ctx context.Context, n lifecycle.Node, tell teller) (providers.Instance, error) {
		if err := a.ours(ctx, tell); err != nil {
			return providers.Instance{}, err
		}
		return a.provisionNode(ctx, p, rec, n)
	})
	var failed []error
	pairs := map[string]keyPair{}
	for _, r := range results {
		if r.err != nil {
			failed = append(failed, fault.Wrap(r.err, fault.Internal, "node %s (%s)", label(r.node), r.node.ID).At(rec.ClusterID, r.node.ID, ""))
			continue
		}
		made[r.node.ID] = r.value
		if role, ok := rec.Spec.Role(r.node.Role); ok && role.Passphraseless != "" && r.node.PrivateKey == "" {
			if pairs[r.node.ID], err = newKeyPair(r.node.ID); err != nil {
				return err
			}
		}
	}
	if _, err := a.updateOurs(ctx, in.ClusterID, func(rec *lifecycle.Record) error {
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
	return firstOf(failed)
}

func (a *Provisioning) provisionNode(ctx context.Context, p providers.Provider, rec *lifecycle.Record, n lifecycle.Node) (providers.Instance, error) {
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
	return p.CreateInstance(ctx, instanceSpec(rec, role, n, a.AuthorizedKey))
}

func volumeClass(role *specs.Role) string {
	if role.Volume.Class != "" {
		return role.Volume.Class
	}
	return role.VolumeClass
}

func instanceSpec(rec *lifecycle.Record, role *specs.Role, n lifecycle.Node, key string) providers.InstanceSpec {
	zone := rec.Zone
	if role.Zone != "" {
		zone = role.Zone
	} else if role.Container.Zone != "" {
		zone = role.Container.Zone
	}
	s := providers.InstanceSpec{
		ID: n.InstanceID, Tags: providers.Tags{ClusterID: rec.ClusterID, NodeID: n.ID}, VxNet: rec.Spec.VxNet,
		Role: n.Role, Image: role.Container.Image, ContainerType: role.Container.Type, InstanceClass: n.InstanceClass, Zone: zone,
		Size: providers.Size{CPU: n.CPU, Memory: n.Memory, GPU: n.GPU}, AuthorizedKey: key,
	}
	for i, id := range n.VolumeIDs {
		s.Mounts = append(s.Mounts, providers.Mount{
			VolumeID: id, Path: role.Volume.MountPoints[i], Options: role.Volume.MountOptions,
		})
	}
	return s
}

// describe takes over what the provider said about a node's machine.
func describe(n *lifecycle.Node, inst providers.Instance) {
	n.IP, n.MAC = inst.IP, inst.MAC
	n.Hypervisor, n.PhysicalMachine = inst.Hypervisor, inst.PhysicalMachine
	if inst.Zone != "" {
		n.Zone = inst.Zone
	}
	n.SSH = lifecycle.SSH{Addr: inst.SSHAddr, User: inst.SSHUser, HostKey: inst.HostKey}
	if j := inst.Jump; j != nil {
		n.SSH.Jump = &lifecycle.Jump{Addr: j.Addr, User: j.User, HostKey: j.HostKey, KeyFile: j.KeyFile}
	}
}

// ReleaseInput names a cluster whose resources all go.
type ReleaseInput struct {
	ClusterID string `json:"cluster_id"`
}

// ReleaseAttempts is how often an operation tries to release what a provider does not let go, before it leaves that to
// the orphan ledger and goes on.
const ReleaseAttempts = 10

// Release deletes every instance, volume and network of the cluster: what the provider lists under the cluster's tag,
// what the record names and what the orphan ledger holds, so that nothing made by a worker that died before it could say
// so stays behind. What is gone already counts as released. What cannot be released is an error naming each resource
// until the last attempt, which hands it to the ledger.
func (a *Provisioning) Release(ctx context.Context, in ReleaseInput) (ReleaseResult, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if fault.Is(err, fault.NotFound) {
		return ReleaseResult{}, nil
	}
	if err != nil {
		return ReleaseResult{}, err
	}
	p, err := a.provider(rec.Provider)
	if err != nil {
		return ReleaseResult{}, err
	}
	known, err := a.ledgerOf(ctx, rec.ClusterID)
	if err != nil {
		return ReleaseResult{}, err
	}
	tagged, listErr := listed(ctx, p, rec.ClusterID)
	all := append(tagged, recorded(rec)...)
	for _, o := range known {
		if o.Provider == rec.Provider && o.Kind != lifecycle.KindCluster {
			all = append(all, o)
		}
	}
	orphans := a.releaseEach(ctx, p, all)
	if listErr != nil {
		orphans = append(orphans, lifecycle.Orphan{
			ClusterID: rec.ClusterID, Provider: rec.Provider, Kind: lifecycle.KindCluster, ID: rec.ClusterID, Reason: reasonOf(listErr),
		})
	}
	for i := range orphans {
		orphans[i].Why = rec.Operation.Type
	}
	for _, o := range known {
		if o.Provider == rec.Provider && !slices.ContainsFunc(orphans, o.Same) {
			if err := a.Ledger.DropOrphan(ctx, o); err != nil {
				return ReleaseResult{}, err
			}
		}
	}
	if len(orphans) > 0 && !lastTry(ctx, ReleaseAttempts) {
		names := named(orphans)
		f := fault.New(fault.Unreachable, "%d resources of %s could not be released: %s", len(orphans), rec.ClusterID, strings.Join(names, "; "))
		f.Problems = names
		return ReleaseResult{}, f
	}
	return a.keepOrphans(ctx, orphans)
}

// maxOrphansNamed is how many resources an error names with their reasons; the ledger has them all.
const maxOrphansNamed = 15

func named(orphans []lifecycle.Orphan) []string {
	var names []string
	for _, o := range orphans[:min(len(orphans), maxOrphansNamed)] {
		names = append(names, fmt.Sprintf("%s %s (%s)", o.Kind, o.ID, head(o.Reason, warningLimit/2)))
	}
	if more := len(orphans) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return names
}
