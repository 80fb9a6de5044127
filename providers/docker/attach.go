package docker

import (
	"context"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// attach connects the containers of Options.Attach to a network.
func (p *Provider) attach(ctx context.Context, n network.Inspect) error {
	for _, name := range p.options.Attach {
		c, err := p.engine.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
		if err != nil {
			return engineFault(err, "inspect container %s, to attach it to networks", name)
		}
		there := slices.ContainsFunc(mapValues(c.Container.NetworkSettings.Networks), func(e *network.EndpointSettings) bool {
			return e.NetworkID == n.ID
		})
		if there {
			continue
		}
		// With its aliases in other networks: a service "consul" of a compose file has this name for nodes too.
		var aliases []string
		for _, e := range c.Container.NetworkSettings.Networks {
			aliases = append(aliases, e.Aliases...)
		}
		_, err = p.engine.NetworkConnect(ctx, n.ID, client.NetworkConnectOptions{
			Container: c.Container.ID, EndpointConfig: &network.EndpointSettings{Aliases: aliases},
		})
		if err != nil && !errdefs.IsConflict(err) && !errdefs.IsPermissionDenied(err) {
			return engineFault(err, "attach container %s to network %s", name, n.Name)
		}
	}
	return nil
}

// attachAll connects them to the existing networks: a container may be new.
func (p *Provider) attachAll(ctx context.Context) error {
	if len(p.options.Attach) == 0 {
		return nil
	}
	all, err := p.engine.NetworkList(ctx, client.NetworkListOptions{Filters: p.labelled(kindNetwork)})
	if err != nil {
		return engineFault(err, "list networks")
	}
	for _, s := range all.Items {
		n, err := p.engine.NetworkInspect(ctx, s.ID, client.NetworkInspectOptions{})
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return engineFault(err, "inspect network %s", s.Name)
		}
		if err := p.attach(ctx, n.Network); err != nil {
			return err
		}
	}
	return nil
}

// detach disconnects the remaining containers of a network before its removal: only attached ones can remain.
func (p *Provider) detach(ctx context.Context, n network.Inspect) error {
	for id := range n.Containers {
		_, err := p.engine.NetworkDisconnect(ctx, n.ID, client.NetworkDisconnectOptions{Container: id, Force: true})
		if err != nil && !errdefs.IsNotFound(err) {
			return engineFault(err, "detach container %s from network %s", id, n.Name)
		}
	}
	return nil
}

func mapValues[K comparable, V any](m map[K]V) []V {
	all := make([]V, 0, len(m))
	for _, v := range m {
		all = append(all, v)
	}
	return all
}
