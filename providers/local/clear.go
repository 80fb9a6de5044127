package local

import (
	"context"
	"errors"
	"os"
)

// Clusters are the ids of all clusters that own something in the state folder, sorted.
func (p *Provider) Clusters() ([]string, error) {
	all, err := p.List(context.Background(), "")
	return all.Clusters(), err
}

// Clear deletes all instances, volumes and networks of the state folder, also half-made ones, and continues past failures.
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
