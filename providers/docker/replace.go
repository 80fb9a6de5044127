package docker

import (
	"context"

	"drover/fault"
	"drover/providers"
)

// ReplaceImage implements providers.Provider. The new instance is created, with the old one's address and volumes, before
// the old one changes; it starts when the old one is gone.
func (p *Provider) ReplaceImage(ctx context.Context, oldID string, s providers.InstanceSpec) (providers.Instance, error) {
	var none providers.Instance
	if oldID == s.ID {
		return none, fault.New(fault.Invalid, "provider docker: instance %s cannot replace itself: use a new id for the new instance", oldID)
	}
	release, err := p.lockInstance(ctx, s, s.ID, oldID)
	if err != nil {
		return none, err
	}
	defer release()
	n, err := p.find(ctx, s.ID)
	if err != nil {
		return none, err
	}
	if n == nil {
		if n, err = p.beginReplacement(ctx, oldID, s); err != nil {
			return none, err
		}
	} else if n.replaces != oldID {
		return none, fault.New(fault.Conflict, "provider docker: instance %s exists and does not replace %s", s.ID, oldID)
	} else if n.off {
		return p.instance(n), nil // replaced earlier, and stopped since
	}
	return p.finish(ctx, n)
}

// beginReplacement refuses an impossible replacement before the old instance changes.
func (p *Provider) beginReplacement(ctx context.Context, oldID string, s providers.InstanceSpec) (*node, error) {
	old, err := p.find(ctx, oldID)
	if err != nil {
		return nil, err
	}
	if old == nil {
		return nil, fault.New(fault.NotFound, "provider docker: instance %s, which is to be replaced, does not exist", oldID)
	}
	if !old.begun {
		return nil, fault.New(fault.Conflict, "provider docker: instance %s cannot be replaced: its creation did not complete", oldID).
			WithHint("delete it and create a new one")
	}
	// Fields that the caller does not set are kept.
	if s.Tags == (providers.Tags{}) {
		s.Tags = old.spec.Tags
	}
	if err := sameCluster("instance", oldID, old.spec.Tags.ClusterID, s.Tags.ClusterID); err != nil {
		return nil, err
	}
	if s.Size == (providers.Size{}) {
		s.Size = old.size
	}
	if s.AuthorizedKey == "" {
		s.AuthorizedKey = old.spec.AuthorizedKey
	}
	if len(s.Mounts) == 0 {
		s.Mounts = old.spec.Mounts
	}
	s.VxNet = old.spec.VxNet
	if err := p.checkSpec(ctx, s, oldID); err != nil {
		return nil, err
	}
	return p.begin(ctx, s, oldID, old.address)
}

// retire removes a replaced instance.
func (p *Provider) retire(ctx context.Context, id string) error {
	old, err := p.find(ctx, id)
	if err != nil || old == nil {
		return err
	}
	if err := p.powerOff(ctx, old); err != nil {
		return err
	}
	if err := p.step("old off"); err != nil {
		return err
	}
	if err := p.removeContainer(ctx, old); err != nil {
		return err
	}
	return p.step("old gone")
}
