package static

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"

	"drover/fault"
	"drover/providers"
	"drover/remote/target"
)

// CreateInstance implements providers.Provider: it reserves a host that fits, and prepares it.
func (p *Provider) CreateInstance(ctx context.Context, s providers.InstanceSpec) (providers.Instance, error) {
	if err := checkSpec(s); err != nil {
		return providers.Instance{}, err
	}
	inv, err := p.inventory()
	if err != nil {
		return providers.Instance{}, err
	}
	var a allocation
	err = p.update(ctx, func(b *pages) error {
		if have := b.Instances[s.ID]; have != nil {
			a = *have
			if have.State == releasing {
				return beingReleased(s.ID)
			}
			return sameCluster("instance", s.ID, have.Spec.Tags, s.Tags)
		}
		if err := b.mayMount(s); err != nil {
			return err
		}
		h, err := choose(inv, b, s)
		if err != nil {
			return err
		}
		a = allocation{
			Spec: s, Host: h.Name, IP: h.IP, Zone: h.Labels["zone"], Access: inv.access(h), State: preparing, Wipe: inv.OnRelease == "wipe",
		}
		b.Instances[s.ID] = &a
		return nil
	})
	if err != nil {
		return providers.Instance{}, err
	}
	if a.State != preparing {
		return instanceOf(&a), nil
	}
	return p.prepare(ctx, &a)
}

// prepare makes a reserved host ready; it may be done again.
func (p *Provider) prepare(ctx context.Context, a *allocation) (providers.Instance, error) {
	if a.IP == "" {
		ip, err := addressOf(ctx, a.Access.Addr)
		if err != nil {
			return providers.Instance{}, err
		}
		if err := p.claim(ctx, a, ip); err != nil {
			return providers.Instance{}, err
		}
	}
	if err := p.script(ctx, a, prepareScript(a)); err != nil {
		return providers.Instance{}, err
	}
	left, access := false, p.access(a)
	made, err := p.turn(ctx, a.Spec.ID, func(have *allocation) error {
		if left = have.State == releasing; left {
			return beingReleased(have.Spec.ID)
		}
		have.IP, have.Access, have.State = a.IP, access, running
		return nil
	})
	if left || fault.Is(err, fault.NotFound) { // deleted meanwhile: what was put on the host since goes too
		return made, errors.Join(err, p.script(ctx, a, releaseScript(a)))
	}
	return made, err
}

// claim notes the address of a host that the inventory gives by name. A host that another instance has under another name is
// given back: nothing was put on it.
func (p *Provider) claim(ctx context.Context, a *allocation, ip string) error {
	other := ""
	if err := p.update(ctx, func(b *pages) error {
		other = ""
		have := b.Instances[a.Spec.ID]
		if have == nil {
			return notThere("instance", a.Spec.ID)
		}
		for id, is := range b.Instances {
			if id != a.Spec.ID && is.ip() == plainIP(ip) {
				other = id
			}
		}
		if have.IP = ip; other != "" && have.State == preparing {
			delete(b.Instances, a.Spec.ID)
		}
		return nil
	}); err != nil {
		return err
	}
	if a.IP = ip; other == "" {
		return nil
	}
	return fault.New(fault.NotAllowed, "provider static: host %s has address %s, and so has the host of instance %s", a.Host, ip, other).
		WithHint("keep one entry per machine in the inventory; drover hosts check tests it")
}

func beingReleased(id string) error {
	return fault.New(fault.Conflict, "provider static: instance %s is being released", id)
}

// turn changes one allocation.
func (p *Provider) turn(ctx context.Context, id string, change func(*allocation) error) (providers.Instance, error) {
	var out providers.Instance
	err := p.update(ctx, func(b *pages) error {
		a := b.Instances[id]
		if a == nil {
			return notThere("instance", id)
		}
		err := change(a)
		out = instanceOf(a)
		return err
	})
	return out, err
}

func addressOf(ctx context.Context, addr string) (string, error) {
	host, _, _ := net.SplitHostPort(addr)
	if net.ParseIP(host) != nil {
		return host, nil
	}
	found, err := net.DefaultResolver.LookupIP(ctx, "ip4", host)
	if err != nil || len(found) == 0 {
		return "", fault.New(fault.Unreachable, "provider static: the address of host %s cannot be found: %v", host, err).
			WithHint("give the host an ip in the inventory")
	}
	return found[0].String(), nil
}

func (b *pages) mayMount(s providers.InstanceSpec) error {
	for _, m := range s.Mounts {
		v, ok := b.Volumes[m.VolumeID]
		if !ok {
			return notThere("volume", m.VolumeID)
		}
		if err := sameCluster("volume", m.VolumeID, v.Tags, s.Tags); err != nil {
			return err
		}
		if user := b.userOf(m.VolumeID); user != "" {
			return fault.New(fault.Conflict, "provider static: volume %s is in use by instance %s", m.VolumeID, user)
		}
	}
	return nil
}

// StopInstance implements providers.Provider: the agent ends, the host stays on. Services were stopped before.
func (p *Provider) StopInstance(ctx context.Context, id string) error {
	a, err := p.allocated(ctx, id)
	if err != nil || a.State == off {
		return err
	}
	if err := p.script(ctx, a, stopScript(a)); err != nil {
		return err
	}
	_, err = p.turn(ctx, id, func(a *allocation) error {
		if a.State != releasing {
			a.State = off
		}
		return nil
	})
	return err
}

// StartInstance implements providers.Provider. The agent is started by the step that needs it.
func (p *Provider) StartInstance(ctx context.Context, id string) (providers.Instance, error) {
	a, err := p.allocated(ctx, id)
	if err != nil {
		return providers.Instance{}, err
	}
	switch a.State {
	case running:
		return instanceOf(a), nil
	case releasing:
		return providers.Instance{}, beingReleased(id)
	}
	return p.prepare(ctx, a)
}

func (p *Provider) allocated(ctx context.Context, id string) (*allocation, error) {
	b, _, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	if a := b.Instances[id]; a != nil {
		return a, nil
	}
	return nil, notThere("instance", id)
}

// ResizeInstance implements providers.Provider: a host has the size it has.
func (p *Provider) ResizeInstance(ctx context.Context, id string, size providers.Size) error {
	a, err := p.allocated(ctx, id)
	if err != nil || a.Spec.Size == size {
		return err
	}
	return fault.New(fault.NotAllowed, "provider static: host %s of instance %s cannot be resized", a.Host, id).
		WithHint("add nodes on larger hosts and delete the others")
}

// ReplaceImage implements providers.Provider: the host stays, with all that is on it, and gets the new id.
func (p *Provider) ReplaceImage(ctx context.Context, oldID string, s providers.InstanceSpec) (providers.Instance, error) {
	if err := checkSpec(s); err != nil {
		return providers.Instance{}, err
	}
	if oldID == s.ID {
		return providers.Instance{}, fault.New(fault.Invalid, "provider static: instance %s cannot replace itself", oldID)
	}
	if a, err := p.allocated(ctx, s.ID); err == nil {
		if err := sameCluster("instance", s.ID, a.Spec.Tags, s.Tags); err != nil {
			return providers.Instance{}, err
		}
		return p.prepare(ctx, a)
	}
	old, err := p.allocated(ctx, oldID)
	if err != nil {
		return providers.Instance{}, err
	}
	if err := sameCluster("instance", oldID, old.Spec.Tags, s.Tags); err != nil {
		return providers.Instance{}, err
	}
	if err := p.script(ctx, old, stopScript(old)); err != nil {
		return providers.Instance{}, err
	}
	var next allocation
	if err := p.update(ctx, func(b *pages) error {
		if have := b.Instances[s.ID]; have != nil { // the same call, made by another worker
			next = *have
			return sameCluster("instance", s.ID, have.Spec.Tags, s.Tags)
		}
		// The host is that of the old instance as long as the book says so, and no longer.
		now := b.Instances[oldID]
		if now == nil {
			return notThere("instance", oldID)
		}
		if now.State == releasing {
			return beingReleased(oldID)
		}
		next = *now
		next.Spec.ID, next.Spec.Image, next.State, next.Was = s.ID, s.Image, preparing, oldID
		delete(b.Instances, oldID)
		b.Instances[s.ID] = &next
		return nil
	}); err != nil {
		return providers.Instance{}, err
	}
	return p.prepare(ctx, &next)
}

// DeleteInstance implements providers.Provider: what Drover put on the host goes, and the host is free.
func (p *Provider) DeleteInstance(ctx context.Context, id string) error {
	a, err := p.allocated(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := p.turn(ctx, id, func(a *allocation) error { a.State = releasing; return nil }); fault.Is(err, fault.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if err := p.script(ctx, a, releaseScript(a)); err != nil {
		return err
	}
	return p.update(ctx, func(b *pages) error {
		if have := b.Instances[id]; have != nil && have.State == releasing { // and not recreated meanwhile
			delete(b.Instances, id)
		}
		return nil
	})
}

// List implements providers.Provider.
func (p *Provider) List(ctx context.Context, clusterID string) (providers.Resources, error) {
	var out providers.Resources
	b, _, err := p.read(ctx)
	if err != nil {
		return out, err
	}
	for _, n := range b.Networks {
		if clusterID == "" || n.ClusterID == clusterID {
			out.Networks = append(out.Networks, n)
		}
	}
	for _, v := range b.Volumes {
		if v.Tags.Of(clusterID) {
			out.Volumes = append(out.Volumes, providers.Volume{ID: v.ID, Tags: v.Tags, SizeGiB: v.SizeGiB, InUseBy: b.userOf(v.ID)})
		}
	}
	for _, a := range b.Instances {
		if a.Spec.Tags.Of(clusterID) {
			out.Instances = append(out.Instances, instanceOf(a))
		}
	}
	slices.SortFunc(out.Volumes, func(x, y providers.Volume) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortFunc(out.Instances, func(x, y providers.Instance) int { return cmp.Compare(x.ID, y.ID) })
	return out, nil
}

// instanceOf: nodes are reached as root with Drover's own key, which prepare put there.
func instanceOf(a *allocation) providers.Instance {
	state := providers.Running
	if a.State != running {
		state = providers.Off
	}
	return providers.Instance{
		ID: a.Spec.ID, Tags: a.Spec.Tags, State: state, Size: a.Spec.Size, Image: a.Spec.Image, IP: a.IP,
		SSH: target.Target{Addr: a.Access.Addr, User: "root", HostKey: a.Access.HostKey, Jump: a.Access.Jump}, Zone: a.Zone, PhysicalMachine: a.Host,
	}
}
