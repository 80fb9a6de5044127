package local

import (
	"context"
	"errors"
	"os"
	"slices"
)

// Clusters are the ids of all clusters that own something in the state folder, sorted.
func (p *Provider) Clusters() ([]string, error) {
	var ids []string
	nodes, err := p.nodes()
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		ids = append(ids, n.Spec.Tags.ClusterID)
	}
	err = p.each("volumes", func(id string) error {
		v, err := p.readVolume(id)
		if v != nil {
			ids = append(ids, v.Spec.Tags.ClusterID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	networks, err := p.networks()
	for _, n := range networks {
		ids = append(ids, n.ClusterID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// Clear deletes all instances, volumes and networks of the state folder, also half-made ones, and goes on past failures.
// It asks no package and no metadata: it is for stacks on a developer's machine, after their worker has ended.
func (p *Provider) Clear(ctx context.Context) error {
	return errors.Join(
		p.each("nodes", func(id string) error { return p.DeleteInstance(ctx, id) }),
		p.each("volumes", func(id string) error { return p.DeleteVolume(ctx, id) }),
		p.each("networks", func(file string) error { return os.Remove(p.path("networks", file)) }),
	)
}

// each calls do with every name in a folder of the state folder.
func (p *Provider) each(folder string, do func(name string) error) error {
	entries, err := os.ReadDir(p.path(folder))
	if err != nil {
		return ioFault(err, "list %s", folder)
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, do(e.Name()))
	}
	return errors.Join(errs...)
}
