package local

import (
	"context"

	"drover/fault"
	"drover/providers"
)

// ReplaceImage implements providers.Provider. The new instance is recorded before the old one is touched.
func (p *Provider) ReplaceImage(ctx context.Context, oldID string, s providers.InstanceSpec) (providers.Instance, error) {
	var none providers.Instance
	if oldID == s.ID {
		return none, fault.New(fault.Invalid, "provider local: instance %s cannot replace itself: give the new one a new id", oldID)
	}
	if len(s.Mounts) == 0 {
		// Volumes are kept also when the caller does not name them. On a retry the old one may be gone already.
		for _, id := range []string{oldID, s.ID} {
			if have, err := p.readNode(id); err == nil && have != nil {
				s.Mounts = have.Spec.Mounts
			}
		}
	}
	held, err := p.lockInstance(ctx, s, s.ID, oldID)
	if err != nil {
		return none, err
	}
	defer held.release()
	old, err := p.readNode(oldID)
	if err != nil {
		return none, err
	}
	n, err := p.readNode(s.ID)
	if err != nil {
		return none, err
	}
	if n == nil {
		if n, err = p.beginReplacement(old, oldID, s); err != nil {
			return none, err
		}
	} else if n.Replaces != oldID {
		return none, fault.New(fault.Conflict, "provider local: instance %s exists and was not made in place of %s", s.ID, oldID)
	}
	if n.Phase == phaseReady && old == nil && n.Off {
		return p.instance(n), nil
	}
	if old != nil {
		if err := p.powerOff(ctx, oldID); err != nil {
			return none, err
		}
		if err := p.step("old off"); err != nil {
			return none, err
		}
		if n.IP == "" {
			n.IP = old.IP
			if err := p.writeNode(n); err != nil {
				return none, err
			}
		}
		if err := p.passAddress(n.IP, s.ID); err != nil {
			return none, err
		}
		for _, m := range n.Spec.Mounts {
			if err := p.attachVolume(m.VolumeID, s.ID, oldID); err != nil {
				return none, err
			}
		}
		if err := p.step("passed"); err != nil {
			return none, err
		}
		if err := p.remove(ctx, old); err != nil {
			return none, err
		}
	}
	return p.finish(ctx, n, held)
}

// beginReplacement refuses what cannot be done while the old instance is still whole.
func (p *Provider) beginReplacement(old *node, oldID string, s providers.InstanceSpec) (*node, error) {
	if old == nil {
		return nil, fault.New(fault.NotFound, "provider local: there is no instance %s to replace", oldID)
	}
	if old.Phase != phaseReady {
		return nil, fault.New(fault.Conflict, "provider local: instance %s was never finished, so it cannot be replaced", oldID).
			WithHint("delete it and create a new one")
	}
	if s.Tags == (providers.Tags{}) {
		s.Tags = old.Spec.Tags
	}
	if err := sameCluster("instance", oldID, old.Spec.Tags, s.Tags); err != nil {
		return nil, err
	}
	if s.Size == (providers.Size{}) {
		s.Size = old.Spec.Size
	}
	if s.AuthorizedKey == "" {
		s.AuthorizedKey = old.Spec.AuthorizedKey
	}
	return p.begin(s, oldID)
}
