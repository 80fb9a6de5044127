package static

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"drover/providers"
)

const (
	checkLimit = 20 * time.Second // for one host
	atOnce     = 32               // hosts tested at the same time
)

// Hosts implements providers.Hosts. A host that left the inventory is shown as long as an instance has it.
func (p *Provider) Hosts(ctx context.Context) ([]providers.Host, error) {
	inv, err := p.inventory()
	if err != nil {
		return nil, err
	}
	return p.hosts(ctx, inv)
}

func (p *Provider) hosts(ctx context.Context, inv *Inventory) ([]providers.Host, error) {
	b, _, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	users := map[string]*allocation{} // by name and by addresses, as choose sees it
	for _, a := range b.Instances {
		users[a.Host], users[a.Access.Addr], users[a.ip()] = a, a, a
	}
	shown := map[*allocation]bool{}
	var out []providers.Host
	for _, h := range inv.Hosts {
		host := providers.Host{
			Name: h.Name, Address: h.Addr(), User: h.User, Bastion: h.Bastion, Roles: h.Roles, Labels: h.Labels, State: "free",
		}
		if a := cmp.Or(users[h.Name], users[h.Addr()], users[h.ip()]); a != nil {
			host.Tags, host.InstanceID, host.State = a.Spec.Tags, a.Spec.ID, a.State
			shown[a] = true
		}
		out = append(out, host)
	}
	for _, a := range b.Instances {
		if !shown[a] {
			out = append(out, providers.Host{
				Name: a.Host, Address: a.Access.Addr, User: a.Access.User, Tags: a.Spec.Tags, InstanceID: a.Spec.ID, State: a.State,
			})
		}
	}
	slices.SortFunc(out, func(x, y providers.Host) int { return cmp.Compare(x.Name, y.Name) })
	return out, nil
}

// CheckHosts implements providers.Hosts.
func (p *Provider) CheckHosts(ctx context.Context, file, text string) ([]providers.Host, error) {
	var inv *Inventory
	var err error
	if file != "" || text != "" {
		inv, err = ReadInventory(cmp.Or(file, "(given)"), []byte(text))
	} else {
		inv, err = p.inventory()
	}
	if err != nil {
		return nil, err
	}
	hosts, err := p.hosts(ctx, inv)
	if err != nil {
		return nil, err
	}
	given := map[string]Host{}
	for _, h := range inv.Hosts {
		given[h.Name] = h
	}
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range hosts {
		h, ok := given[hosts[i].Name]
		if !ok {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, done := context.WithTimeout(ctx, checkLimit)
			defer done()
			hosts[i].Checks = p.check(ctx, inv.access(h), h, hosts[i].InstanceID == "")
		})
	}
	all.Wait()
	return hosts, nil
}
