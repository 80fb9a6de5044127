package static

import (
	"context"
	"fmt"

	"drover/fault"
	"drover/providers"
	"drover/remote/target"
)

// CheckCapacity implements providers.Capacity: a free host that fits for every new instance. What is free on the disks of hosts is not
// asked: drover hosts check does.
func (p *Provider) CheckCapacity(ctx context.Context, d providers.Demand) (providers.Shortage, error) {
	var out providers.Shortage
	inv, err := p.inventory()
	if err != nil {
		return out, err
	}
	b, _, err := p.read(ctx)
	if err != nil {
		return out, err
	}
	type kind struct {
		role, zone string
		size       providers.Size
	}
	lacking := map[kind]int{}
	for _, s := range d.New {
		k := kind{s.Role, s.Zone, s.Size}
		if b.Instances[s.ID] != nil {
			continue
		}
		if lacking[k] > 0 {
			lacking[k]++
			continue
		}
		host, err := choose(inv, b, s)
		if err != nil {
			lacking[k]++
			f := fault.As(err)
			out.Problems, out.Hint = append(out.Problems, f.Message), f.Hint
			continue
		}
		b.Instances[s.ID] = &allocation{Spec: s, Host: host.Name, IP: host.ip(), Access: target.Target{Addr: host.Addr()}} // of this copy only
	}
	further := -len(lacking)
	for _, n := range lacking {
		further += n
	}
	if further > 0 {
		out.Problems = append(out.Problems, fmt.Sprintf("provider static: %d further instances have no host either, of %d", further, len(d.New)))
	}
	return out, nil
}
