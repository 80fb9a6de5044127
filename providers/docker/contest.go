package docker

import (
	"context"

	"drover/providers"
)

// lostAddress is the result of contest when another container has the address.
const lostAddress = "the address"

// contest checks, after a container was created, whether a container of another worker has the same address or one of the
// same volumes. The engine creates containers one after the other, so that at least one of the two finds the other; the
// older one keeps the address or volume. The result is the loss of this one: "", lostAddress, or the id of a volume.
func (p *Provider) contest(ctx context.Context, n *node) (string, error) {
	all, _, err := p.nodes(ctx, p.labelled(kindInstance))
	if err != nil {
		return "", err
	}
	for _, other := range all {
		// An instance and its replacement share address and volumes.
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
