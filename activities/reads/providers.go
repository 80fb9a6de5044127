package reads

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"drover/activities/internal/bounds"
	"drover/fault"
	"drover/providers"
	"drover/workflows/api"
)

// checkWithin is how long one provider may take to say how it is.
const checkWithin = 10 * time.Second

// ListProviders describes what every provider can do, and its health.
func (a *Activities) ListProviders(ctx context.Context, _ api.ListProvidersInput) (api.ProviderList, error) {
	names := slices.Sorted(maps.Keys(a.Providers))
	list := api.ProviderList{Providers: make([]api.ProviderView, len(names))}
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			list.Providers[i] = providerView(ctx, a.Providers[name])
			list.Providers[i].Name, list.Providers[i].Default = name, name == a.DefaultProvider
		})
	}
	all.Wait()
	return list, nil
}

func providerView(ctx context.Context, p providers.Provider) api.ProviderView {
	can := p.Capabilities()
	view := api.ProviderView{Capabilities: flags(can), Notes: can.Notes}
	checker, ok := p.(providers.Checker)
	if !ok {
		return view
	}
	ctx, stop := context.WithTimeout(ctx, checkWithin)
	defer stop()
	if err := checker.Check(ctx); err != nil {
		view.Problem = bounds.Head(err.Error(), bounds.WarningLimit)
		if f := fault.As(err); f != nil {
			view.Problem, view.Hint = bounds.Head(f.Message, bounds.WarningLimit), f.Hint
		}
	}
	return view
}

// flags are the capabilities under their own names, so that a new one needs no other place.
func flags(can providers.Capabilities) map[string]bool {
	var all map[string]any
	text, _ := json.Marshal(can)
	_ = json.Unmarshal(text, &all)
	out := map[string]bool{}
	for name, value := range all {
		if on, ok := value.(bool); ok {
			out[name] = on
		}
	}
	return out
}

// ListHosts reads the machines that were given to providers, and tests them when asked to.
func (a *Activities) ListHosts(ctx context.Context, in api.ListHostsInput) (api.HostList, error) {
	list := api.HostList{Hosts: []api.HostView{}}
	names := slices.Sorted(maps.Keys(a.Providers))
	if in.Provider != "" {
		names = []string{in.Provider}
	}
	asked := false
	for _, name := range names {
		p, err := a.Providers.Find(name)
		if err != nil {
			return list, err
		}
		keeper, ok := p.(providers.Hosts)
		if !ok {
			continue
		}
		asked = true
		hosts, err := hostsOf(ctx, keeper, in)
		if err != nil {
			return list, err
		}
		for _, h := range hosts {
			list.Hosts = append(list.Hosts, hostView(name, h))
		}
	}
	if !asked && (in.Provider != "" || in.Inventory != "" || in.InventoryFile != "") {
		return list, fault.New(fault.Invalid, "this worker has no provider that was given machines").
			WithHint("configure the provider static: see docs/providers.md")
	}
	slices.SortStableFunc(list.Hosts, func(x, y api.HostView) int {
		return cmp.Or(cmp.Compare(x.Provider, y.Provider), cmp.Compare(x.Name, y.Name))
	})
	return list, nil
}

func hostsOf(ctx context.Context, keeper providers.Hosts, in api.ListHostsInput) ([]providers.Host, error) {
	if in.Check || in.Inventory != "" || in.InventoryFile != "" {
		return keeper.CheckHosts(ctx, in.InventoryFile, in.Inventory)
	}
	return keeper.Hosts(ctx)
}

func hostView(provider string, h providers.Host) api.HostView {
	view := api.HostView{
		Provider: provider, Name: h.Name, Address: h.Address, User: h.User, Bastion: h.Bastion, Roles: h.Roles, Labels: h.Labels,
		ClusterID: h.Tags.ClusterID, NodeID: h.Tags.NodeID, InstanceID: h.InstanceID, State: h.State,
	}
	for _, c := range h.Checks {
		view.Checks = append(view.Checks, api.HostCheck{Name: c.Name, OK: c.OK, Detail: c.Detail, Hint: c.Hint})
	}
	return view
}
