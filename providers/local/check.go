package local

import (
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"drover/fault"
	"drover/providers"
	"drover/specs"
)

// checkSpec finds all problems of a specification. replaces may hold the volumes.
func (p *Provider) checkSpec(s providers.InstanceSpec, replaces string) error {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if s.Tags.ClusterID == "" {
		problem("it is tagged with no cluster")
	}
	if s.Size.CPU < 0 || s.Size.Memory < 0 {
		problem("cpu and memory cannot be negative")
	}
	if s.Size.GPU > 0 {
		problem("there are no GPUs in local nodes")
	}
	if _, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(s.AuthorizedKey)); err != nil || len(rest) > 0 || strings.Contains(strings.TrimSpace(s.AuthorizedKey), "\n") {
		problem("authorized_key is not one line of an authorized_keys file")
	}
	used := map[string]bool{}
	for _, m := range s.Mounts {
		switch {
		case specs.MountProblem(m.Path) != "":
			problem("mount point %q %s", m.Path, specs.MountProblem(m.Path))
		case used[m.Path]:
			problem("mount point %s is used twice", m.Path)
		}
		used[m.Path] = true
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "provider local: instance %s cannot be made: %s", s.ID, strings.Join(problems, "; "))
		f.Problems = problems
		return f
	}
	seen := map[string]bool{}
	for _, m := range s.Mounts {
		v, err := p.existingVolume(m.VolumeID)
		if err != nil {
			return err
		}
		if err := sameCluster("volume", m.VolumeID, v.Spec.Tags, s.Tags); err != nil {
			return err
		}
		if user := p.userOf(v); user != "" && user != s.ID && user != replaces {
			return fault.New(fault.Conflict, "provider local: volume %s is in use by instance %s", m.VolumeID, user)
		}
		if seen[m.VolumeID] {
			return fault.New(fault.Invalid, "provider local: volume %s is mounted twice", m.VolumeID)
		}
		seen[m.VolumeID] = true
	}
	return nil
}
