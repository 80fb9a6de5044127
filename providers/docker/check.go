package docker

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/client"
	"golang.org/x/crypto/ssh"

	"drover/fault"
	"drover/providers"
	"drover/specs"
)

// checkSpec reports all problems of a specification without creating anything. replaces may hold the volumes.
func (p *Provider) checkSpec(ctx context.Context, s providers.InstanceSpec, replaces string) error {
	if problems := problemsOf(s); len(problems) > 0 {
		f := fault.New(fault.Invalid, "provider docker: instance %s cannot be created: %s", s.ID, strings.Join(problems, "; "))
		f.Problems = problems
		return f
	}
	for _, m := range s.Mounts {
		have, err := p.engine.VolumeInspect(ctx, p.name(m.VolumeID), client.VolumeInspectOptions{})
		if err != nil {
			return engineFault(err, "inspect volume %s", m.VolumeID)
		}
		if err := sameCluster("volume", m.VolumeID, have.Volume.Labels[labelCluster], s.Tags.ClusterID); err != nil {
			return err
		}
		user, err := p.userOf(ctx, m.VolumeID)
		if err != nil {
			return err
		}
		if user != "" && user != s.ID && user != replaces {
			return volumeInUse(m.VolumeID, user)
		}
	}
	return p.ensureImage(ctx, s.Image)
}

func problemsOf(s providers.InstanceSpec) (problems []string) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if s.Tags.ClusterID == "" {
		problem("it is tagged with no cluster")
	}
	if s.Image == "" {
		problem("it has no image")
	}
	if s.Size.CPU < 0 || s.Size.Memory < 0 {
		problem("cpu and memory cannot be negative")
	}
	if s.Size.GPU > 0 {
		problem("this provider has no GPUs")
	}
	if _, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(s.AuthorizedKey)); err != nil || len(rest) > 0 || strings.Contains(strings.TrimSpace(s.AuthorizedKey), "\n") {
		problem("authorized_key is not one line of an authorized_keys file")
	}
	paths, volumes := map[string]bool{}, map[string]bool{}
	for _, m := range s.Mounts {
		switch {
		case specs.MountProblem(m.Path) != "":
			problem("mount point %q %s", m.Path, specs.MountProblem(m.Path))
		case paths[m.Path]:
			problem("mount point %s is used twice", m.Path)
		}
		if volumes[m.VolumeID] {
			problem("volume %s is mounted twice", m.VolumeID)
		}
		paths[m.Path], volumes[m.VolumeID] = true, true
	}
	return problems
}
