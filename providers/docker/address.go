package docker

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/network"

	"drover/fault"
)

// freeAddress returns the lowest address of a network that is not used by an instance, running or not, or another
// container. The caller holds the network's lock.
func (p *Provider) freeAddress(ctx context.Context, bridge network.Inspect, vxnet string) (netip.Addr, error) {
	free, err := p.freeAddresses(ctx, bridge, vxnet, 1)
	if err != nil {
		return netip.Addr{}, err
	}
	if len(free) == 0 {
		return netip.Addr{}, fault.New(fault.NoCapacity, "provider docker: all addresses of network %s are taken", bridge.Name).
			WithHint("delete nodes, or put further clusters into another vxnet")
	}
	return free[0], nil
}

// freeAddresses returns the lowest free addresses, at most as many as are wanted.
func (p *Provider) freeAddresses(ctx context.Context, bridge network.Inspect, vxnet string, wanted int) (free []netip.Addr, _ error) {
	nodes, _, err := p.nodes(ctx, p.labelled(kindInstance, labelVxNet, vxnet))
	if err != nil {
		return nil, err
	}
	taken := map[netip.Addr]bool{}
	for _, n := range nodes {
		taken[n.address] = true
	}
	for _, c := range bridge.Containers {
		taken[c.IPv4Address.Addr()] = true
	}
	for _, c := range bridge.IPAM.Config {
		if !c.Subnet.IsValid() || !c.Subnet.Addr().Is4() {
			continue
		}
		subnet := c.Subnet.Masked()
		taken[c.Gateway] = true
		for _, a := range c.AuxAddress {
			taken[a] = true
		}
		// The first one is the network itself, the second one by default the gateway, the last one the broadcast address.
		for a := subnet.Addr().Next().Next(); subnet.Contains(a.Next()); a = a.Next() {
			if len(free) == wanted {
				return free, nil
			}
			if !taken[a] && !(c.IPRange.IsValid() && c.IPRange.Contains(a)) {
				free = append(free, a)
			}
		}
	}
	return free, nil
}

// mac is the address of the interface, derived from the IP address so that it stays the same too.
func mac(a netip.Addr) net.HardwareAddr {
	b := a.As4()
	return net.HardwareAddr{0x02, 0x42, b[0], b[1], b[2], b[3]}
}

func readOnly(options string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if strings.TrimSpace(o) == "ro" {
			return true
		}
	}
	return false
}
