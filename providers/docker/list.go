package docker

import (
	"cmp"
	"context"
	"slices"

	"github.com/moby/moby/client"

	"drover/providers"
)

// List implements providers.Provider. Incomplete instances are listed too, as off: they must be deletable.
func (p *Provider) List(ctx context.Context, clusterID string) (providers.Resources, error) {
	var r providers.Resources
	records, err := p.engine.VolumeList(ctx, client.VolumeListOptions{Filters: p.ofCluster(kindJoin, clusterID)})
	if err != nil {
		return r, engineFault(err, "list networks of cluster %s", clusterID)
	}
	for _, v := range records.Items {
		r.Networks = append(r.Networks, providers.Network{ClusterID: v.Labels[labelCluster], VxNet: v.Labels[labelVxNet]})
	}
	filter := p.ofCluster(kindInstance, clusterID)
	nodes, unreadable, err := p.nodes(ctx, filter)
	if err != nil {
		return r, err
	}
	r.Unreadable = unreadable
	for _, n := range nodes {
		r.Instances = append(r.Instances, p.instance(n))
	}
	volumes, err := p.volumes(ctx, clusterID)
	if err != nil {
		return r, err
	}
	list, err := p.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return r, engineFault(err, "list instances of cluster %s", clusterID)
	}
	by := users(list.Items)
	for id, v := range volumes {
		v.InUseBy = by[p.name(id)]
		r.Volumes = append(r.Volumes, v)
	}
	slices.SortFunc(r.Networks, func(a, b providers.Network) int {
		return cmp.Or(cmp.Compare(a.ClusterID, b.ClusterID), cmp.Compare(a.VxNet, b.VxNet))
	})
	slices.SortFunc(r.Instances, func(a, b providers.Instance) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(r.Volumes, func(a, b providers.Volume) int { return cmp.Compare(a.ID, b.ID) })
	return r, nil
}
