package fakeprovider

import (
	"context"

	"drover/fault"
	"drover/providers"
)

// EnsureNetwork implements providers.Provider.
func (p *Provider) EnsureNetwork(ctx context.Context, n providers.Network) error {
	return p.call(ctx, "EnsureNetwork", n.VxNet, n.ClusterID, func(func() error) error {
		if n.ClusterID == "" {
			return fault.New(fault.Invalid, "a network needs the id of a cluster")
		}
		key := networkKey(n.ClusterID, n.VxNet)
		if _, ok := p.networks[key]; !ok {
			p.remember(key)
		}
		p.networks[key] = n
		return nil
	})
}

// DeleteNetwork implements providers.Provider.
func (p *Provider) DeleteNetwork(ctx context.Context, clusterID, vxnet string) error {
	return p.call(ctx, "DeleteNetwork", vxnet, clusterID, func(func() error) error {
		key := networkKey(clusterID, vxnet)
		delete(p.networks, key)
		p.forget(key)
		return nil
	})
}

func networkKey(clusterID, vxnet string) string { return "network " + clusterID + "/" + vxnet }

// CreateVolume implements providers.Provider.
func (p *Provider) CreateVolume(ctx context.Context, s providers.VolumeSpec) (providers.Volume, error) {
	var out providers.Volume
	err := p.call(ctx, "CreateVolume", s.ID, s.Tags.ClusterID, func(func() error) error {
		v := p.volumes[s.ID]
		switch {
		case v != nil && v.spec.Tags.ClusterID != s.Tags.ClusterID:
			return fault.New(fault.Conflict, "volume %s exists and belongs to cluster %s", s.ID, v.spec.Tags.ClusterID)
		case v == nil && (s.ID == "" || s.SizeGiB <= 0 || s.Tags.ClusterID == ""):
			return fault.New(fault.Invalid, "volume %q needs an id, a size above 0 and the tag of a cluster", s.ID)
		case v == nil && p.options.Disk > 0 && p.Capabilities().EnforcesVolume && p.stored()+s.SizeGiB > p.options.Disk:
			return full("there is no room for a volume of %d GiB", s.SizeGiB)
		case v == nil:
			v = &volume{spec: s}
			p.volumes[s.ID] = v
			p.remember(s.ID)
		}
		out = v.view()
		return nil
	})
	return answer(out, err)
}

// GrowVolume implements providers.Provider.
func (p *Provider) GrowVolume(ctx context.Context, id string, sizeGiB int) error {
	return p.call(ctx, "GrowVolume", id, p.clusterOf(id), func(func() error) error {
		v := p.volumes[id]
		switch {
		case v == nil:
			return fault.New(fault.NotFound, "there is no volume %s", id)
		case sizeGiB < v.spec.SizeGiB:
			return fault.New(fault.Invalid, "volume %s has %d GiB and cannot shrink to %d", id, v.spec.SizeGiB, sizeGiB)
		case sizeGiB > v.spec.SizeGiB && p.runs(v.inUseBy) && !p.Capabilities().GrowMountedVolume:
			return fault.New(fault.NotAllowed, "volume %s is in use by instance %s and grows only while that is off", id, v.inUseBy)
		}
		v.spec.SizeGiB = sizeGiB
		return nil
	})
}

// runs says whether the instance is there and on. The caller holds the mutex.
func (s *state) runs(id string) bool {
	i := s.instances[id]
	return i != nil && !i.off
}

// DeleteVolume implements providers.Provider.
func (p *Provider) DeleteVolume(ctx context.Context, id string) error {
	return p.call(ctx, "DeleteVolume", id, p.clusterOf(id), func(func() error) error {
		if v := p.volumes[id]; v != nil && v.inUseBy != "" {
			return fault.New(fault.Conflict, "volume %s is in use by instance %s", id, v.inUseBy)
		}
		delete(p.volumes, id)
		delete(p.contents, id)
		p.forget(id)
		return nil
	})
}

// clusterOf finds the cluster of a thing, for rules and the log.
func (s *state) clusterOf(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.instances[id]; i != nil {
		return i.spec.Tags.ClusterID
	}
	if v := s.volumes[id]; v != nil {
		return v.spec.Tags.ClusterID
	}
	return ""
}

// answer gives nothing beside an error: a lost answer must be lost.
func answer[T any](v T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}
