package docker

import (
	"context"
	"net/netip"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"drover/fault"
	"drover/providers"
)

// networkBits is the size of a network: 1022 addresses. Nodes use all but the last 64, which are for attached containers.
const (
	networkBits = 22
	dynamicBits = 26
)

// EnsureNetwork implements providers.Provider: the vxnet's bridge, and a record that the cluster is in it.
func (p *Provider) EnsureNetwork(ctx context.Context, n providers.Network) error {
	if err := validID("a cluster", n.ClusterID); err != nil {
		return err
	}
	if len(n.VxNet) > 60 {
		return fault.New(fault.Invalid, "provider docker: the name of vxnet %q is longer than 60 bytes", n.VxNet)
	}
	release, err := p.lock(ctx, p.networkName(n.VxNet))
	if err != nil {
		return err
	}
	defer release()
	// The record first: it prevents the removal of the network at the end of another cluster.
	_, err = p.engine.VolumeCreate(ctx, client.VolumeCreateOptions{
		Name: p.joinName(n.ClusterID, n.VxNet), Labels: p.labels(kindJoin, labelCluster, n.ClusterID, labelVxNet, n.VxNet),
	})
	if err != nil {
		return engineFault(err, "record that cluster %s is in vxnet %q", n.ClusterID, n.VxNet)
	}
	_, err = p.ensureBridge(ctx, n.VxNet)
	return err
}

// DeleteNetwork implements providers.Provider; the bridge goes with the last one that uses it.
func (p *Provider) DeleteNetwork(ctx context.Context, clusterID, vxnet string) error {
	if err := validID("a cluster", clusterID); err != nil {
		return err
	}
	_, err := p.engine.VolumeRemove(ctx, p.joinName(clusterID, vxnet), client.VolumeRemoveOptions{})
	if err != nil && !errdefs.IsNotFound(err) {
		return engineFault(err, "remove cluster %s from vxnet %q", clusterID, vxnet)
	}
	return p.releaseBridge(ctx, vxnet)
}

// ensureBridge finds or creates the network of a vxnet. An existing network of that name that Drover did not create is used
// unchanged: this way a compose file can share its network with nodes. The caller holds the lock of its name.
func (p *Provider) ensureBridge(ctx context.Context, vxnet string) (network.Inspect, error) {
	name := p.networkName(vxnet)
	have, err := p.engine.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err == nil || !errdefs.IsNotFound(err) {
		return have.Network, engineFault(err, "inspect network %s", name)
	}
	if err := p.makeBridge(ctx, name, vxnet); err != nil {
		return network.Inspect{}, err
	}
	have, err = p.engine.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err != nil {
		return network.Inspect{}, engineFault(err, "inspect network %s", name)
	}
	return have.Network, p.attach(ctx, have.Network)
}

// makeBridge tries the subnets of the range one after the other. The name of the interface is derived from the network's
// name: the engine allows two networks with the same name, but not with the same interface, so only one of two workers
// succeeds.
func (p *Provider) makeBridge(ctx context.Context, name, vxnet string) error {
	all, err := p.engine.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return engineFault(err, "list networks")
	}
	var last error
	for subnet := range subnets(p.addresses) {
		if overlaps(all.Items, subnet) {
			continue
		}
		_, err := p.engine.NetworkCreate(ctx, name, client.NetworkCreateOptions{
			Driver:  "bridge",
			Options: map[string]string{"com.docker.network.bridge.name": "dr-" + sum(name)},
			IPAM: &network.IPAM{Driver: "default", Config: []network.IPAMConfig{
				{Subnet: subnet, Gateway: subnet.Addr().Next(), IPRange: dynamicPart(subnet)},
			}},
			Labels: p.labels(kindNetwork, labelVxNet, vxnet),
		})
		if err == nil {
			return p.step("network")
		}
		last = err
		if ctx.Err() != nil || client.IsErrConnectionFailed(err) {
			break
		}
		// Another process was faster: with the network, or with the subnet.
		if _, err := p.engine.NetworkInspect(ctx, name, client.NetworkInspectOptions{}); err == nil {
			return nil
		}
	}
	if last == nil {
		return fault.New(fault.NoCapacity, "provider docker: all networks of %s are taken", p.addresses).
			WithHint("delete clusters, or configure a wider range")
	}
	return engineFault(last, "create network %s", name)
}

// releaseBridge removes an unused network of this provider.
func (p *Provider) releaseBridge(ctx context.Context, vxnet string) error {
	name := p.networkName(vxnet)
	release, err := p.lock(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	have, err := p.engine.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if errdefs.IsNotFound(err) || err == nil && have.Network.Labels[labelInstallation] != p.options.Installation {
		return nil
	}
	if err != nil {
		return engineFault(err, "inspect network %s", name)
	}
	records, err := p.engine.VolumeList(ctx, client.VolumeListOptions{Filters: p.labelled(kindJoin, labelVxNet, vxnet)})
	if err != nil {
		return engineFault(err, "list the clusters of vxnet %q", vxnet)
	}
	nodes, err := p.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: p.labelled(kindInstance, labelVxNet, vxnet)})
	if err != nil {
		return engineFault(err, "list the nodes of vxnet %q", vxnet)
	}
	if len(records.Items)+len(nodes.Items) > 0 {
		return nil
	}
	if err := p.detach(ctx, have.Network); err != nil {
		return err
	}
	_, err = p.engine.NetworkRemove(ctx, have.Network.ID, client.NetworkRemoveOptions{})
	if err != nil && !errdefs.IsNotFound(err) {
		// Another worker is creating a node in it; the network is removed with that node.
		p.log.Debug("docker: network stays", "network", name, "error", err)
	}
	return nil
}

// subnets of a range, each the size of a network.
func subnets(in netip.Prefix) func(yield func(netip.Prefix) bool) {
	return func(yield func(netip.Prefix) bool) {
		for a := in.Addr(); in.Contains(a); a = plus(a, 1<<(32-networkBits)) {
			if !yield(netip.PrefixFrom(a, networkBits)) {
				return
			}
		}
	}
}

func overlaps(all []network.Summary, subnet netip.Prefix) bool {
	for _, n := range all {
		for _, c := range n.IPAM.Config {
			if c.Subnet.IsValid() && c.Subnet.Overlaps(subnet) {
				return true
			}
		}
	}
	return false
}

// dynamicPart is the end of a subnet, for addresses that the engine assigns.
func dynamicPart(subnet netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(plus(subnet.Addr(), 1<<(32-networkBits)-1<<(32-dynamicBits)), dynamicBits)
}

func plus(a netip.Addr, n uint32) netip.Addr {
	b := a.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	v += n
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}
