package static

import (
	"context"

	"drover/fault"
	"drover/providers"
)

// A volume is the folder at a mount point of the host that its instance gets. Until then it is a promise in the book.

// CreateVolume implements providers.Provider.
func (p *Provider) CreateVolume(ctx context.Context, v providers.VolumeSpec) (providers.Volume, error) {
	if err := checkID(v.ID, v.Tags); err != nil {
		return providers.Volume{}, err
	}
	if v.SizeGiB <= 0 {
		return providers.Volume{}, fault.New(fault.Invalid, "provider static: volume %s has size %d GiB", v.ID, v.SizeGiB)
	}
	var out providers.Volume
	err := p.update(ctx, func(b *pages) error {
		have, ok := b.Volumes[v.ID]
		if !ok {
			b.Volumes[v.ID], have = v, v
		}
		out = providers.Volume{ID: have.ID, Tags: have.Tags, SizeGiB: have.SizeGiB, InUseBy: b.userOf(v.ID)}
		return sameCluster("volume", v.ID, have.Tags, v.Tags)
	})
	return out, err
}

// GrowVolume implements providers.Provider: the size is recorded only.
func (p *Provider) GrowVolume(ctx context.Context, id string, sizeGiB int) error {
	return p.update(ctx, func(b *pages) error {
		v, ok := b.Volumes[id]
		if !ok {
			return notThere("volume", id)
		}
		if sizeGiB < v.SizeGiB {
			return fault.New(fault.Invalid, "provider static: volume %s has %d GiB and cannot shrink to %d", id, v.SizeGiB, sizeGiB)
		}
		v.SizeGiB = sizeGiB
		b.Volumes[id] = v
		return nil
	})
}

// DeleteVolume implements providers.Provider. What becomes of the data was decided when the instance was released.
func (p *Provider) DeleteVolume(ctx context.Context, id string) error {
	return p.update(ctx, func(b *pages) error {
		if user := b.userOf(id); user != "" {
			return fault.New(fault.Conflict, "provider static: volume %s is in use by instance %s", id, user)
		}
		delete(b.Volumes, id)
		return nil
	})
}

func notThere(kind, id string) error {
	return fault.New(fault.NotFound, "provider static: %s %s does not exist", kind, id)
}

func sameCluster(kind, id string, have, want providers.Tags) error {
	if have.ClusterID != want.ClusterID {
		return fault.New(fault.Conflict, "provider static: %s %s belongs to cluster %s", kind, id, have.ClusterID)
	}
	return nil
}
