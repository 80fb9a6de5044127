package docker

import (
	"context"

	"drover/providers"
)

// lostAddress is what contest says when the address is somebody else's.
const lostAddress = "the address"

// contest looks, after a container was made, whether another worker's has the same address or one of the same volumes.
// The engine makes containers one after the other, so that at least one of the two finds the other; the older one keeps
// what both want. It says what this one has lost: nothing, its address, or the id of a volume.
func (p *Provider) contest(ctx context.Context, n *node) (string, error) {
	all, _, err := p.nodes(ctx, p.labelled(kindInstance))
	if err != nil {
		return "", err
	}
	for _, other := range all {
		// The one it takes the place of, and the one that takes its place, share everything with it.
		if other.container == n.container || other.spec.ID == n.replaces || other.replaces == n.spec.ID || !older(other, n) {
			continue
		}
		if other.spec.VxNet == n.spec.VxNet && other.address == n.address {
			return lostAddress, nil
		}
		if shared := sharedVolume(other.spec, n.spec); shared != "" {
			return shared, nil
		}
	}
	return "", nil
}

func older(a, b *node) bool {
	if a.created.Equal(b.created) {
		return a.container < b.container
	}
	return a.created.Before(b.created)
}

func sharedVolume(a, b providers.InstanceSpec) string {
	for _, x := range a.Mounts {
		for _, y := range b.Mounts {
			if x.VolumeID == y.VolumeID {
				return x.VolumeID
			}
		}
	}
	return ""
}
