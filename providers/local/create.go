package local

import (
	"context"
	"os"

	"drover/durable"
	"drover/providers"
)

// CreateInstance implements providers.Provider. Everything that can be refused is refused before anything is made.
func (p *Provider) CreateInstance(ctx context.Context, s providers.InstanceSpec) (providers.Instance, error) {
	held, err := p.lockInstance(ctx, s, s.ID)
	if err != nil {
		return providers.Instance{}, err
	}
	defer held.release()
	n, err := p.readNode(s.ID)
	if err != nil {
		return providers.Instance{}, err
	}
	if n != nil {
		if err := sameCluster("instance", s.ID, n.Spec.Tags, s.Tags); err != nil {
			return providers.Instance{}, err
		}
		if n.Off {
			return p.instance(n), nil // made long ago, and stopped since
		}
	}
	if n == nil {
		if n, err = p.begin(s, ""); err != nil {
			return providers.Instance{}, err
		}
	}
	return p.finish(ctx, n, held)
}

// lockInstance locks instances and the volumes of s.
func (p *Provider) lockInstance(ctx context.Context, s providers.InstanceSpec, ids ...string) (locks, error) {
	for _, id := range ids {
		if err := validID("an instance", id); err != nil {
			return nil, err
		}
	}
	for _, m := range s.Mounts {
		if err := validID("a volume", m.VolumeID); err != nil {
			return nil, err
		}
		ids = append(ids, m.VolumeID)
	}
	return p.lock(ctx, ids...)
}

// begin checks a specification and records the node: from here on the instance exists.
func (p *Provider) begin(s providers.InstanceSpec, replaces string) (*node, error) {
	image, err := p.imageDir(s.Image)
	if err != nil {
		return nil, err
	}
	if err := p.checkSpec(s, replaces); err != nil {
		return nil, err
	}
	n := &node{Spec: s, Phase: phaseCreating, Replaces: replaces}
	if n.Layered, err = p.layers(image); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.nodeDir(s.ID), 0o700); err != nil {
		return nil, ioFault(err, "make folder of node")
	}
	if err := durable.Dir(p.path("nodes")); err != nil {
		return nil, ioFault(err, "make folder of node")
	}
	if err := p.step("folder"); err != nil {
		return nil, err
	}
	if err := p.writeNode(n); err != nil {
		return nil, err
	}
	return n, p.step("recorded")
}

// finish brings a recorded node up, whatever of it is there already.
func (p *Provider) finish(ctx context.Context, n *node, held locks) (providers.Instance, error) {
	if n.Phase != phaseReady {
		if err := p.prepare(n); err != nil {
			return providers.Instance{}, err
		}
	}
	if err := p.boot(ctx, n, held); err != nil {
		return providers.Instance{}, err
	}
	if err := p.step("booted"); err != nil {
		return providers.Instance{}, err
	}
	if n.Phase != phaseReady || n.Off {
		n.Phase, n.Off = phaseReady, false
		if err := p.writeNode(n); err != nil {
			return providers.Instance{}, err
		}
	}
	p.log.Debug("local: instance runs", "instance", n.Spec.ID, "address", n.IP)
	return p.instance(n), nil
}

// prepare gives the node its address, volumes, host key and root.
func (p *Provider) prepare(n *node) error {
	id := n.Spec.ID
	var err error
	if n.IP == "" {
		if n.IP, err = p.takeAddress(id); err != nil {
			return err
		}
		if err := p.step("address"); err != nil {
			return err
		}
	}
	for _, m := range n.Spec.Mounts {
		if err := p.attachVolume(m.VolumeID, id, n.Replaces); err != nil {
			return err
		}
	}
	if err := p.step("volumes"); err != nil {
		return err
	}
	if n.HostKey == "" {
		if n.HostKey, err = p.makeHostKey(id); err != nil {
			return err
		}
	}
	if err := p.writeNode(n); err != nil {
		return err
	}
	if err := p.step("host key"); err != nil {
		return err
	}
	for _, dir := range []string{"work", "mount"} {
		if err := os.MkdirAll(p.nodeDir(id, dir), 0o755); err != nil {
			return ioFault(err, "make folder of node")
		}
	}
	root := p.nodeDir(id, "root")
	if n.Layered {
		// Its mode is that of the node's /, whatever the worker's umask.
		if err := os.MkdirAll(root, 0o755); err != nil {
			return ioFault(err, "make root of node")
		}
		if err := os.Chmod(root, 0o755); err != nil {
			return ioFault(err, "make root of node")
		}
	} else {
		image, err := p.imageDir(n.Spec.Image)
		if err != nil {
			return err
		}
		if err := copyTree(image, root); err != nil {
			return err
		}
	}
	return p.step("root")
}
