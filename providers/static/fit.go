package static

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"drover/fault"
	"drover/providers"
	"drover/specs"
)

var plainID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func checkID(id string, tags providers.Tags) error {
	if !plainID.MatchString(id) || tags.ClusterID == "" {
		return fault.New(fault.Invalid, "provider static: id %q of cluster %q cannot be used", id, tags.ClusterID)
	}
	return nil
}

// checkSpec finds all problems of a specification that no host could solve.
func checkSpec(s providers.InstanceSpec) error {
	if err := checkID(s.ID, s.Tags); err != nil {
		return err
	}
	var problems []string
	if _, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(s.AuthorizedKey)); err != nil || len(rest) > 0 || strings.Contains(strings.TrimSpace(s.AuthorizedKey), "\n") {
		problems = append(problems, "authorized_key is not one line of an authorized_keys file")
	}
	used := map[string]bool{}
	for _, m := range s.Mounts {
		if why := specs.HostMountProblem(m.Path); why != "" {
			problems = append(problems, fmt.Sprintf("mount point %q %s", m.Path, why))
		}
		if used[m.Path] || used[m.VolumeID] {
			problems = append(problems, fmt.Sprintf("volume %s or mount point %s is used twice", m.VolumeID, m.Path))
		}
		used[m.Path], used[m.VolumeID] = true, true
	}
	if len(problems) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "provider static: instance %s cannot be made: %s", s.ID, strings.Join(problems, "; "))
	f.Problems = problems
	return f
}

// misfit says why a host cannot take an instance; empty when it can.
func misfit(h Host, s providers.InstanceSpec) string {
	switch {
	case len(h.Roles) > 0 && !slices.Contains(h.Roles, s.Role):
		return fmt.Sprintf("takes roles %s", strings.Join(h.Roles, ", "))
	case s.Zone != "" && h.Labels["zone"] != "" && h.Labels["zone"] != s.Zone:
		return "is in zone " + h.Labels["zone"]
	case h.CPU > 0 && h.CPU < s.Size.CPU:
		return fmt.Sprintf("has %d cores", h.CPU)
	case h.Memory > 0 && h.Memory < s.Size.Memory:
		return fmt.Sprintf("has %d MiB of memory", h.Memory)
	case s.Size.GPU > 0:
		return "has no GPU that Drover knows of"
	}
	for _, m := range s.Mounts {
		if len(h.MountPoints) > 0 && !slices.Contains(h.MountPoints, m.Path) {
			return "has no mount point " + m.Path
		}
	}
	return ""
}

// choose picks a free host that fits: the smallest declared one, so that large ones stay free for who needs them.
func choose(inv *Inventory, b *pages, s providers.InstanceSpec) (Host, error) {
	taken := map[string]string{} // by name and by addresses: a host may be renamed in the inventory, or get another port
	for id, a := range b.Instances {
		taken[a.Host], taken[a.Access.Addr], taken[a.ip()] = id, id, id
	}
	var fitting []Host
	var reasons []string
	for _, h := range inv.Hosts {
		switch why := misfit(h, s); {
		case why != "":
			reasons = append(reasons, "host "+h.Name+" "+why)
		case cmp.Or(taken[h.Name], taken[h.Addr()], taken[h.ip()]) != "":
			id := cmp.Or(taken[h.Name], taken[h.Addr()], taken[h.ip()])
			reasons = append(reasons, fmt.Sprintf("host %s has instance %s of cluster %s", h.Name, id, b.Instances[id].Spec.Tags.ClusterID))
		default:
			fitting = append(fitting, h)
		}
	}
	if len(fitting) == 0 {
		const most = 20
		f := fault.New(fault.NotAllowed, "provider static: no free host fits instance %s (role %q, %d cores, %d MiB): %s",
			s.ID, s.Role, s.Size.CPU, s.Size.Memory, strings.Join(reasons[:min(len(reasons), most)], "; "))
		f.Problems = reasons[:min(len(reasons), most)]
		return Host{}, f.WithHint("add hosts to the inventory, or delete clusters: drover hosts list shows who has which")
	}
	return slices.MinFunc(fitting, func(x, y Host) int {
		return cmp.Or(cmp.Compare(x.CPU, y.CPU), cmp.Compare(x.Memory, y.Memory), cmp.Compare(x.Name, y.Name))
	}), nil
}
