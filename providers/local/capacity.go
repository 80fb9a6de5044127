package local

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"drover/providers"
)

// CheckCapacity implements providers.Capacity: free addresses of the range, the machine's memory where it limits nodes, and the free
// space of the state folder, which volumes share.
func (p *Provider) CheckCapacity(_ context.Context, d providers.Demand) (providers.Shortage, error) {
	var out providers.Shortage
	if len(d.New) > 0 {
		free, err := p.freeAddresses()
		if err != nil {
			return out, err
		}
		if free < len(d.New) {
			out.Problems = append(out.Problems, fmt.Sprintf("provider local: %d addresses are needed, and %d of %s are free", len(d.New), free, p.addresses))
		}
	}
	var machine unix.Sysinfo_t
	if err := unix.Sysinfo(&machine); err == nil && p.limits.memory() {
		has := int(machine.Totalram * uint64(machine.Unit) >> 20)
		for _, s := range slices.Concat(d.New, d.Resized) {
			text := fmt.Sprintf("provider local: a node of role %q needs %d MiB of memory, and this machine has %d MiB", s.Role, s.Size.Memory, has)
			if s.Size.Memory > has && !slices.Contains(out.Problems, text) {
				out.Problems = append(out.Problems, text)
			}
		}
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(p.options.StateDir, &disk); err == nil {
		if free := int(disk.Bavail * uint64(disk.Bsize) >> 30); d.VolumeGiB > free {
			out.Warnings = append(out.Warnings, fmt.Sprintf("provider local: volumes may take %d GiB more, and %d GiB are free in %s", d.VolumeGiB, free, p.options.StateDir))
		}
	}
	return out, nil
}

// freeAddresses counts the addresses that no instance has.
func (p *Provider) freeAddresses() (int, error) {
	taken, err := p.takenAddresses()
	if err != nil {
		return 0, err
	}
	free := usable(p.addresses)
	for ip := range taken {
		if a, err := netip.ParseAddr(ip); err == nil && p.addresses.Contains(a) {
			free--
		}
	}
	return free, nil
}

// usable counts the addresses that nodes may get: takeAddress leaves out those that end in 0 and 255.
func usable(in netip.Prefix) int {
	const block = 24 // of 256 addresses
	if in.Bits() <= block {
		return 254 << (block - in.Bits())
	}
	n := 0
	for a := in.Addr(); in.Contains(a); a = a.Next() {
		if last := a.As4()[3]; last != 0 && last != 255 && a != in.Addr() {
			n++
		}
	}
	return n
}
