package docker

import (
	"context"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"drover/fault"
	"drover/providers"
)

// StartInstance implements providers.Provider.
func (p *Provider) StartInstance(ctx context.Context, id string) (providers.Instance, error) {
	n, release, err := p.take(ctx, id)
	if err != nil {
		return providers.Instance{}, err
	}
	defer release()
	if !n.begun {
		return providers.Instance{}, unfinished(id)
	}
	return p.start(ctx, n)
}

// StopInstance implements providers.Provider. It is a power-off: all processes are killed.
func (p *Provider) StopInstance(ctx context.Context, id string) error {
	n, release, err := p.take(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	return p.powerOff(ctx, n)
}

// powered records the wanted power state of a node as a restart policy: "always" for on, because with "unless-stopped" a
// killed engine treats containers that it finds still running as stopped manually.
func powered(on bool) container.RestartPolicy {
	if on {
		return container.RestartPolicy{Name: container.RestartPolicyAlways}
	}
	return container.RestartPolicy{Name: container.RestartPolicyDisabled}
}

func (p *Provider) want(ctx context.Context, n *node, on bool) error {
	policy := powered(on)
	_, err := p.engine.ContainerUpdate(ctx, n.container, client.ContainerUpdateOptions{RestartPolicy: &policy})
	return engineFault(err, "record the power state of instance %s", n.spec.ID)
}

// powerOff records the wanted state before it stops the container: a retry of a creation must not boot it.
func (p *Provider) powerOff(ctx context.Context, n *node) error {
	if !n.off {
		if err := p.want(ctx, n, false); err != nil {
			return err
		}
		if err := p.step("stopping"); err != nil {
			return err
		}
	}
	now := 0
	_, err := p.engine.ContainerStop(ctx, n.container, client.ContainerStopOptions{Timeout: &now})
	if err != nil && !errdefs.IsNotModified(err) {
		return engineFault(err, "stop instance %s", n.spec.ID)
	}
	return nil
}

// ResizeInstance implements providers.Provider: the size changes at once when the node runs, else at its next boot.
func (p *Provider) ResizeInstance(ctx context.Context, id string, size providers.Size) error {
	n, release, err := p.take(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	if size.CPU < 0 || size.Memory < 0 || size.GPU > 0 {
		return fault.New(fault.Invalid, "provider docker: instance %s cannot have size %+v: no negative numbers, no GPUs", id, size)
	}
	if size.CPU == 0 && n.size.CPU > 0 || size.Memory == 0 && n.size.Memory > 0 {
		return fault.New(fault.Invalid, "provider docker: instance %s has limits, which an engine can change but not remove", id)
	}
	want := resources(size)
	if _, err := p.engine.ContainerUpdate(ctx, n.container, client.ContainerUpdateOptions{Resources: &want}); err != nil {
		return engineFault(err, "resize instance %s to %d cpu and %d MiB", id, size.CPU, size.Memory)
	}
	return nil
}

// resources are the limits of a container; 0 means none. Swap is limited too because it would extend the memory limit.
func resources(s providers.Size) container.Resources {
	r := container.Resources{Memory: int64(s.Memory) * mib, MemorySwap: int64(s.Memory) * mib}
	if s.CPU > 0 {
		r.CPUPeriod, r.CPUQuota = cpuPeriod, int64(s.CPU)*cpuPeriod
	}
	return r
}

// DeleteInstance implements providers.Provider.
func (p *Provider) DeleteInstance(ctx context.Context, id string) error {
	if err := validID("an instance", id); err != nil {
		return err
	}
	release, err := p.lock(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	n, err := p.find(ctx, id)
	if err != nil || n == nil {
		return err
	}
	if err := p.removeContainer(ctx, n); err != nil {
		return err
	}
	if err := p.step("removed"); err != nil {
		return err
	}
	return p.releaseBridge(ctx, n.spec.VxNet)
}

// removeContainer returns when the container is gone, even if another call removes it. Volumes that the image declares are
// removed too, named ones stay.
func (p *Provider) removeContainer(ctx context.Context, n *node) error {
	for {
		_, err := p.engine.ContainerRemove(ctx, n.container, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		if !errdefs.IsConflict(err) {
			return engineFault(err, "remove instance %s", n.spec.ID)
		}
		select { // another call removes it
		case <-ctx.Done():
			return engineFault(err, "remove instance %s", n.spec.ID)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// take locks and returns an instance that must exist.
func (p *Provider) take(ctx context.Context, id string) (*node, func(), error) {
	if err := validID("an instance", id); err != nil {
		return nil, nil, err
	}
	release, err := p.lock(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	n, err := p.existing(ctx, id)
	if err != nil {
		release()
		return nil, nil, err
	}
	return n, release, nil
}

func unfinished(id string) error {
	return fault.New(fault.Conflict, "provider docker: the creation of instance %s did not complete", id).
		WithHint("create it again under the same id, or delete it")
}
