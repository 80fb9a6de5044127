package local

import (
	"context"
	"fmt"
	"os"

	"drover/providers"
)

// List implements providers.Provider. Half-made instances are listed too, as off: they must be deletable.
func (p *Provider) List(_ context.Context, clusterID string) (providers.Resources, error) {
	var r providers.Resources
	networks, unreadable, err := p.networks()
	if err != nil {
		return r, err
	}
	r.Unreadable = unreadable
	for _, n := range networks {
		if clusterID == "" || n.ClusterID == clusterID {
			r.Networks = append(r.Networks, n)
		}
	}
	volumes, err := os.ReadDir(p.path("volumes"))
	if err != nil {
		return r, ioFault(err, "list volumes")
	}
	for _, e := range volumes {
		v, err := p.readVolume(e.Name())
		if err != nil {
			r.Unreadable = append(r.Unreadable, fmt.Sprintf("volume %s: %v", e.Name(), err))
		}
		if v != nil && v.Spec.Tags.Of(clusterID) {
			r.Volumes = append(r.Volumes, p.volume(v))
		}
	}
	if err := p.listSnapshots(clusterID, &r); err != nil {
		return r, err
	}
	nodes, unreadable, err := p.nodes()
	if err != nil {
		return r, err
	}
	r.Unreadable = append(r.Unreadable, unreadable...)
	for _, n := range nodes {
		if n.Spec.Tags.Of(clusterID) {
			r.Instances = append(r.Instances, p.instance(n))
		}
	}
	return r, nil
}
