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
	found, err := p.hasImage(ctx, name)
	if found || err != nil {
		return err
	}
	if _, err = p.engine.DistributionInspect(ctx, name, client.DistributionInspectOptions{}); err == nil {
		return nil
	}
	return notHad(err, "look up image %s, which is not on %s, in its registry", name, p.machine)
}

// hasImage reports whether the engine has the image. One that it lacks and must not pull is an error.
func (p *Provider) hasImage(ctx context.Context, name string) (bool, error) {
	if _, err := reference.ParseNormalizedNamed(name); err != nil {
		return false, fault.Wrap(err, fault.Invalid, "provider docker: %q cannot be the name of an image", name)
	}
	_, err := p.engine.ImageInspect(ctx, name)
	switch {
	case err == nil:
		return true, nil
	case !errdefs.IsNotFound(err):
		return false, engineFault(err, "inspect image %s", name)
	case p.options.NeverPull:
		return false, fault.New(fault.NotFound, "provider docker: image %s does not exist on %s, and pulling images is disabled", name, p.machine).
			WithHint("build, load or pull it on the engine's machine")
	}
	return false, nil
}

func notHad(err error, format string, args ...any) error {
	return fault.As(engineFault(err, format, args...)).
		WithHint("check its name and the engine's access to it, or build, load or pull it on the engine's machine")
}

// ensureImage pulls the image unless the engine has it.
func (p *Provider) ensureImage(ctx context.Context, name string) error {
	found, err := p.hasImage(ctx, name)
	if found || err != nil {
		return err
	}
	p.log.Info("docker: pulling an image", "image", name)
	pull, err := p.engine.ImagePull(ctx, name, client.ImagePullOptions{})
	if err == nil {
		err = pull.Wait(ctx)
	}
	if err == nil {
		return nil
	}
	return notHad(err, "pull image %s, which is not on %s", name, p.machine)
}
