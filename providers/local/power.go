package local

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"drover/fault"
	"drover/providers"
)

// StartInstance implements providers.Provider.
func (p *Provider) StartInstance(ctx context.Context, id string) (providers.Instance, error) {
	held, n, err := p.take(ctx, id)
	if err != nil {
		return providers.Instance{}, err
	}
	defer held.release()
	if n.Phase != phaseReady {
		return providers.Instance{}, unfinished(id)
	}
	return p.finish(ctx, n, held)
}

// StopInstance implements providers.Provider. It is a power-off: nothing is asked, everything ends.
func (p *Provider) StopInstance(ctx context.Context, id string) error {
	held, n, err := p.take(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	// First the will, then the deed: a retry of a creation must not boot what is being stopped.
	if n.Phase == phaseReady && !n.Off {
		n.Off = true
		if err := p.writeNode(n); err != nil {
			return err
		}
	}
	if err := p.step("stopping"); err != nil {
		return err
	}
	if err := p.powerOff(ctx, id); err != nil {
		return err
	}
	return p.limits.leave(id)
}

// ResizeInstance implements providers.Provider: at once when the node runs, else at its next boot.
func (p *Provider) ResizeInstance(ctx context.Context, id string, size providers.Size) error {
	held, n, err := p.take(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	if size.CPU < 0 || size.Memory < 0 || size.GPU > 0 {
		return fault.New(fault.Invalid, "provider local: instance %s cannot have size %+v: no negative numbers, no GPUs", id, size)
	}
	if process, err := p.alive(id); err != nil {
		return err
	} else if process != nil {
		if _, err := p.limits.join(id, size); err != nil {
			return err
		}
	}
	n.Spec.Size = size
	return p.writeNode(n)
}

// DeleteInstance implements providers.Provider.
func (p *Provider) DeleteInstance(ctx context.Context, id string) error {
	if err := validID("an instance", id); err != nil {
		return err
	}
	held, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	n, err := p.readNode(id)
	if err != nil {
		if fault.As(err).Retryable {
			return err
		}
		n = &node{Spec: providers.InstanceSpec{ID: id}} // what it says cannot be read; where everything is, follows from the id
	}
	if n == nil {
		// Never recorded, or removed up to its folder.
		if err := p.releaseAddress("", id); err != nil {
			return err
		}
		return removeTree(p.nodeDir(id))
	}
	return p.remove(ctx, n)
}

// remove ends a node and takes it away; its record goes last, so that a cut removal is still listed and can continue.
func (p *Provider) remove(ctx context.Context, n *node) error {
	id := n.Spec.ID
	if err := p.powerOff(ctx, id); err != nil {
		return err
	}
	if err := p.limits.leave(id); err != nil {
		return err
	}
	entries, err := os.ReadDir(p.nodeDir(id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ioFault(err, "list folder of node %s", id)
	}
	for _, e := range entries {
		if e.Name() == "node.json" {
			continue
		}
		if err := removeTree(p.nodeDir(id, e.Name())); err != nil {
			return err
		}
	}
	if err := p.step("emptied"); err != nil {
		return err
	}
	if err := p.releaseAddress(n.IP, id); err != nil {
		return err
	}
	if err := p.step("released"); err != nil {
		return err
	}
	return removeTree(p.nodeDir(id))
}

// take locks and reads an instance that must exist.
func (p *Provider) take(ctx context.Context, id string) (locks, *node, error) {
	if err := validID("an instance", id); err != nil {
		return nil, nil, err
	}
	held, err := p.lock(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	n, err := p.existing(id)
	if err != nil {
		held.release()
		return nil, nil, err
	}
	return held, n, nil
}

func unfinished(id string) error {
	return fault.New(fault.Conflict, "provider local: instance %s was never finished", id).
		WithHint("create it again under the same id, or delete it")
}
