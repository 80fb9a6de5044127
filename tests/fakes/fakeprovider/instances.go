package fakeprovider

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"drover/fault"
	"drover/providers"
)

// CreateInstance implements providers.Provider. Its steps: recorded, address, volumes, booted.
func (p *Provider) CreateInstance(ctx context.Context, s providers.InstanceSpec) (providers.Instance, error) {
	var out providers.Instance
	err := p.call(ctx, "CreateInstance", s.ID, s.Tags.ClusterID, func(step func() error) error {
		i := p.instances[s.ID]
		if i != nil && i.spec.Tags.ClusterID != s.Tags.ClusterID {
			return fault.New(fault.Conflict, "instance %s exists and belongs to cluster %s", s.ID, i.spec.Tags.ClusterID)
		}
		if i == nil {
			if err := p.check(s, ""); err != nil {
				return err
			}
			if err := step(); err != nil {
				return err
			}
			i = p.record(s, "")
		}
		err := p.finish(i, step)
		out = i.view()
		return err
	})
	return answer(out, err)
}

func (s *state) record(spec providers.InstanceSpec, replaces string) *instance {
	spec.Mounts = slices.Clone(spec.Mounts)
	i := &instance{spec: spec, replaces: replaces}
	s.instances[spec.ID] = i
	s.remember(spec.ID)
	return i
}

// finish brings a recorded instance up. The caller holds the mutex.
func (s *state) finish(i *instance, step func() error) error {
	if i.ready {
		return nil
	}
	if err := step(); err != nil {
		return err
	}
	if i.ip == "" {
		if s.options.Addresses > 0 && len(s.addresses) >= s.options.Addresses {
			return full("all %d addresses are taken", s.options.Addresses)
		}
		i.ip = s.takeAddress(i.spec.ID)
	}
	if err := step(); err != nil {
		return err
	}
	for _, m := range i.spec.Mounts {
		s.volumes[m.VolumeID].inUseBy = i.spec.ID
	}
	if err := step(); err != nil {
		return err
	}
	i.ready, i.off = true, false
	return step()
}

// takeAddress never hands an address out again: the use of a stale one is detected.
func (s *state) takeAddress(id string) string {
	s.next++
	ip := fmt.Sprintf("10.%d.%d.%d", s.next/(254*256), s.next/254%256, s.next%254+1)
	s.addresses[ip] = id
	return ip
}

// check refuses what a provider must refuse.
func (p *Provider) check(s providers.InstanceSpec, replaces string) error {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if s.ID == "" || strings.ContainsAny(s.ID, "/ ") {
		problem("%q cannot be an id", s.ID)
	}
	if s.Tags.ClusterID == "" {
		problem("it is tagged with no cluster")
	}
	if s.Image == "" || path.Clean("/" + s.Image)[1:] != s.Image {
		problem("%q cannot be the name of an image", s.Image)
	}
	if _, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(s.AuthorizedKey)); err != nil || len(rest) > 0 {
		problem("authorized_key is not one line of an authorized_keys file")
	}
	used := map[string]bool{}
	for _, m := range s.Mounts {
		if !path.IsAbs(m.Path) || used[m.Path] {
			problem("mount point %q is not absolute or used twice", m.Path)
		}
		used[m.Path] = true
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "instance %s cannot be made: %s", s.ID, strings.Join(problems, "; "))
		f.Problems = problems
		return f
	}
	if err := p.CheckImage(context.Background(), s.Image); err != nil {
		return err
	}
	if text := p.tooLarge(s.Size); text != "" {
		return full("%s", text)
	}
	for _, m := range s.Mounts {
		v := p.volumes[m.VolumeID]
		if v == nil || v.spec.Tags.ClusterID != s.Tags.ClusterID {
			return fault.New(fault.NotFound, "cluster %s has no volume %s", s.Tags.ClusterID, m.VolumeID)
		}
		if v.inUseBy != "" && v.inUseBy != s.ID && v.inUseBy != replaces {
			return fault.New(fault.Conflict, "volume %s is in use by instance %s", m.VolumeID, v.inUseBy)
		}
	}
	return nil
}

// StartInstance implements providers.Provider.
func (p *Provider) StartInstance(ctx context.Context, id string) (providers.Instance, error) {
	var out providers.Instance
	err := p.call(ctx, "StartInstance", id, p.clusterOf(id), func(func() error) error {
		i, err := p.existing(id)
		if err != nil {
			return err
		}
		if !i.ready {
			return fault.New(fault.Conflict, "instance %s was never finished", id)
		}
		i.off = false
		out = i.view()
		return nil
	})
	return answer(out, err)
}

// StopInstance implements providers.Provider.
func (p *Provider) StopInstance(ctx context.Context, id string) error {
	return p.call(ctx, "StopInstance", id, p.clusterOf(id), func(func() error) error {
		i, err := p.existing(id)
		if err != nil {
			return err
		}
		i.off = i.ready
		return nil
	})
}

// ResizeInstance implements providers.Provider.
func (p *Provider) ResizeInstance(ctx context.Context, id string, size providers.Size) error {
	return p.call(ctx, "ResizeInstance", id, p.clusterOf(id), func(func() error) error {
		i, err := p.existing(id)
		switch {
		case err != nil:
			return err
		case size.CPU < 0 || size.Memory < 0:
			return fault.New(fault.Invalid, "instance %s cannot have size %+v", id, size)
		case i.ready && !i.off && !p.Capabilities().ResizeRunning:
			return fault.New(fault.NotAllowed, "instance %s runs and can be resized only when stopped", id)
		case p.tooLarge(size) != "":
			return full("%s", p.tooLarge(size))
		}
		i.spec.Size = size
		return nil
	})
}

// ReplaceImage implements providers.Provider. Its steps: recorded, passed on, old one gone, volumes, booted.
func (p *Provider) ReplaceImage(ctx context.Context, oldID string, s providers.InstanceSpec) (providers.Instance, error) {
	var out providers.Instance
	err := p.call(ctx, "ReplaceImage", s.ID, p.clusterOf(oldID), func(step func() error) error {
		i, err := p.replacement(oldID, s)
		if err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
		if old := p.instances[oldID]; old != nil {
			i.ip = old.ip
			p.addresses[i.ip] = i.spec.ID
			for _, m := range i.spec.Mounts {
				p.volumes[m.VolumeID].inUseBy = i.spec.ID
			}
			if err := step(); err != nil {
				return err
			}
			p.remove(old)
		}
		err = p.finish(i, step)
		out = i.view()
		return err
	})
	return answer(out, err)
}

// replacement finds the instance being made in place of oldID, or records it.
func (p *Provider) replacement(oldID string, s providers.InstanceSpec) (*instance, error) {
	i, old := p.instances[s.ID], p.instances[oldID]
	switch {
	case s.ID == oldID:
		return nil, fault.New(fault.Invalid, "instance %s cannot replace itself", oldID)
	case i != nil && i.replaces != oldID:
		return nil, fault.New(fault.Conflict, "instance %s exists and was not made in place of %s", s.ID, oldID)
	case i != nil:
		return i, nil
	case old == nil:
		return nil, fault.New(fault.NotFound, "there is no instance %s to replace", oldID)
	case s.Tags.ClusterID != "" && s.Tags.ClusterID != old.spec.Tags.ClusterID:
		return nil, fault.New(fault.Conflict, "instance %s belongs to cluster %s", oldID, old.spec.Tags.ClusterID)
	case !old.ready:
		return nil, fault.New(fault.Conflict, "instance %s was never finished, so it cannot be replaced", oldID)
	}
	if s.Tags == (providers.Tags{}) {
		s.Tags = old.spec.Tags
	}
	if s.Size == (providers.Size{}) {
		s.Size = old.spec.Size
	}
	if len(s.Mounts) == 0 {
		s.Mounts = old.spec.Mounts
	}
	if s.AuthorizedKey == "" {
		s.AuthorizedKey = old.spec.AuthorizedKey
	}
	if err := p.check(s, oldID); err != nil {
		return nil, err
	}
	return p.record(s, oldID), nil
}

// DeleteInstance implements providers.Provider. Its step: emptied.
func (p *Provider) DeleteInstance(ctx context.Context, id string) error {
	return p.call(ctx, "DeleteInstance", id, p.clusterOf(id), func(step func() error) error {
		i := p.instances[id]
		if i == nil {
			return nil
		}
		i.off = true
		if err := step(); err != nil {
			return err
		}
		p.remove(i)
		return nil
	})
}

// remove takes an instance and what is still its own away.
func (s *state) remove(i *instance) {
	for _, v := range s.volumes {
		if v.inUseBy == i.spec.ID {
			v.inUseBy = ""
		}
	}
	if s.addresses[i.ip] == i.spec.ID {
		delete(s.addresses, i.ip)
	}
	delete(s.instances, i.spec.ID)
	s.forget(i.spec.ID)
}

func (s *state) existing(id string) (*instance, error) {
	if i := s.instances[id]; i != nil {
		return i, nil
	}
	return nil, fault.New(fault.NotFound, "there is no instance %s", id)
}

// Crash makes a running instance end by itself, as a machine that loses its power, or vanish altogether.
func (p *Provider) Crash(id string, vanish bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.instances[id]
	if i == nil {
		return
	}
	i.off = true
	if vanish {
		p.remove(i)
	}
}

// CheckImage is part of providers.Images. It is not among the calls: it changes nothing.
func (p *Provider) CheckImage(_ context.Context, name string) error {
	if known := p.options.Images; known != nil && !slices.Contains(known, name) || known == nil && strings.HasPrefix(name, "no-such") {
		return fault.New(fault.NotFound, "there is no image %s", name)
	}
	return nil
}
