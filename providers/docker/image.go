package docker

import (
	"context"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/client"

	"drover/fault"
)

// CheckImage is part of providers.Images: the engine has the image, or its registry does.
func (p *Provider) CheckImage(ctx context.Context, name string) error {
	if _, err := reference.ParseNormalizedNamed(name); err != nil {
		return fault.Wrap(err, fault.Invalid, "provider docker: %q cannot be the name of an image", name)
	}
	_, err := p.engine.ImageInspect(ctx, name)
	if err == nil || !errdefs.IsNotFound(err) {
		return engineFault(err, "inspect image %s", name)
	}
	if p.options.NeverPull {
		return p.noImage(name)
	}
	if _, err = p.engine.DistributionInspect(ctx, name, client.DistributionInspectOptions{}); err == nil {
		return nil
	}
	f := fault.As(engineFault(err, "look up image %s, which is not on %s, in its registry", name, p.machine))
	return f.WithHint("check its name and the engine's access to it, or build, load or pull it on the engine's machine")
}

func (p *Provider) noImage(name string) error {
	return fault.New(fault.NotFound, "provider docker: image %s does not exist on %s, and pulling images is disabled", name, p.machine).
		WithHint("build, load or pull it on the engine's machine")
}

// ensureImage pulls the image unless the engine has it.
func (p *Provider) ensureImage(ctx context.Context, name string) error {
	if _, err := reference.ParseNormalizedNamed(name); err != nil {
		return fault.Wrap(err, fault.Invalid, "provider docker: %q cannot be the name of an image", name)
	}
	_, err := p.engine.ImageInspect(ctx, name)
	if err == nil || !errdefs.IsNotFound(err) {
		return engineFault(err, "inspect image %s", name)
	}
	if p.options.NeverPull {
		return p.noImage(name)
	}
	p.log.Info("docker: pulling an image", "image", name)
	pull, err := p.engine.ImagePull(ctx, name, client.ImagePullOptions{})
	if err == nil {
		err = pull.Wait(ctx)
	}
	if err == nil {
		return nil
	}
	f := fault.As(engineFault(err, "pull image %s, which is not on %s", name, p.machine))
	return f.WithHint("check its name and the engine's access to it, or build, load or pull it on the engine's machine")
}
