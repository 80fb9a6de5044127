package docker

import (
	"context"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"drover/providers"
)

// CheckCapacity implements providers.Capacity: free addresses of the network, and the memory of the engine's machine where it limits
// nodes. The engine does not say how much space is left for volumes.
func (p *Provider) CheckCapacity(ctx context.Context, d providers.Demand) (providers.Shortage, error) {
	var out providers.Shortage
	if len(d.New) > 0 {
		free, where, err := p.countAddresses(ctx, d.New[0].VxNet, len(d.New))
		if err != nil {
			return out, err
		}
		if free < len(d.New) {
			out.Problems = append(out.Problems, fmt.Sprintf("provider docker: %d addresses are needed, and %d of %s are free", len(d.New), free, where))
		}
	}
	for _, s := range slices.Concat(d.New, d.Resized) {
		has := int(p.memory >> 20)
		text := fmt.Sprintf("provider docker: a node of role %q needs %d MiB of memory, and the engine's machine has %d MiB", s.Role, s.Size.Memory, has)
		if p.able.EnforcesMemory && has > 0 && s.Size.Memory > has && !slices.Contains(out.Problems, text) {
			out.Problems = append(out.Problems, text)
		}
	}
	return out, nil
}

// countAddresses counts free addresses of a vxnet up to wanted, and says which network they are of.
func (p *Provider) countAddresses(ctx context.Context, vxnet string, wanted int) (free int, where string, _ error) {
	name := p.networkName(vxnet)
	have, err := p.engine.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err == nil {
		free, err := p.freeAddresses(ctx, have.Network, vxnet, wanted)
		return len(free), "network " + name, err
	}
	if !errdefs.IsNotFound(err) {
		return 0, "", engineFault(err, "inspect network %s", name)
	}
	all, err := p.engine.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return 0, "", engineFault(err, "list networks")
	}
	for subnet := range subnets(p.addresses) {
		if !overlaps(all.Items, subnet) {
			const others = 2 // the network itself and the gateway
			return 1<<(32-networkBits) - 1<<(32-dynamicBits) - others, "a new network " + name, nil
		}
	}
	return 0, "the range " + p.addresses.String(), nil
}
