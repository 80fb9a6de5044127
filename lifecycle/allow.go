package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"drover/specs"
)

// MayDelete is DC0: DeleteCluster works from every state, but not while other clusters link to this one, unless the user
// forces; and force is refused up front when a role does not allow it. Neither matters where guards do not apply.
func MayDelete(v View, force bool, linked []Linking) *Refusal {
	switch {
	case !GuardsApply(v):
		return nil
	case force:
		return refuseForce(v.RefusesForce(nil))
	}
	return refuseLinked(linked)
}

func refuseForce(roles []string) *Refusal {
	if len(roles) == 0 {
		return nil
	}
	return &Refusal{
		Why:  fmt.Sprintf("force is not allowed: the destroy service of %s has allow_force: false", roleNames(roles)),
		Hint: "delete without force, so that the package's destroy command decides",
	}
}

// GuardsApply says whether DeleteCluster runs the package's destroy and stop commands at all. A cluster that never
// became active holds no data a user put there, and one that is being released already has passed its guards.
func GuardsApply(v View) bool { return v.EverActive && v.State != Deleting }

// RefusesForce names the roles whose destroy service does not allow force, of those that have nodes among keeps.
func (v View) RefusesForce(among Among) []string {
	var roles []string
	for _, r := range v.Roles {
		if s, ok := r.Service(ServiceDestroy); ok && !s.AllowForce && r.concerned(among) {
			roles = append(roles, r.Name)
		}
	}
	return roles
}

// RoleToGrow is the role that a request to add nodes is about: the one it names, or else the only one that may grow.
func RoleToGrow(v View, named string) (string, *Refusal) {
	return onlyRole(v, named, "grow", func(r RoleView) bool { return r.ScaleHorizontal || r.AddNodes })
}

// RoleToScale is the role that a vertical scaling is about: the one it names, or else the only master role with nodes.
func RoleToScale(v View, named string) (string, *Refusal) {
	return onlyRole(v, named, "be scaled", func(r RoleView) bool { return len(v.Family(r.Name)) > 0 })
}

// onlyRole is the named role, or else the only master role that passes can. A cluster with one master role
// has no choice: the operation's own checks then report why that role cannot.
func onlyRole(v View, named, verb string, can func(RoleView) bool) (string, *Refusal) {
	if _, roleless := v.Role(""); named != "" || roleless {
		return named, nil
	}
	var masters, able []string
	for _, r := range v.Roles {
		if r.ReplicaOf != "" {
			continue
		}
		masters = append(masters, r.Name)
		if can(r) {
			able = append(able, r.Name)
		}
	}
	switch {
	case len(able) == 1:
		return able[0], nil
	case len(masters) == 1:
		return masters[0], nil
	case len(able) == 0:
		return "", &Refusal{Why: fmt.Sprintf("none of the cluster's %d roles can %s", len(masters), verb), Hint: "its roles: " + strings.Join(masters, ", ")}
	}
	return "", &Refusal{
		Why:  fmt.Sprintf("the request has no role, and %d roles of the cluster can %s", len(able), verb),
		Hint: "choose one with --role: " + strings.Join(able, ", "),
	}
}

// MayAdd is AN0's permission: the role exists, is a master role, and its advanced_actions allow growing.
func MayAdd(v View, role string, count int) *Refusal {
	r, ok := v.Role(role)
	switch {
	case !ok:
		return noRole(v, role)
	case r.ReplicaOf != "":
		return &Refusal{
			Why:  fmt.Sprintf("role %q contains the replicas of %q and grows with it", role, r.ReplicaOf),
			Hint: fmt.Sprintf("add nodes to role %q", r.ReplicaOf),
		}
	case count < 1:
		return &Refusal{Why: fmt.Sprintf("count is %d", count), Hint: "add at least one node"}
	case !r.ScaleHorizontal && !r.AddNodes:
		return &Refusal{
			Why:  fmt.Sprintf("the package does not allow adding nodes to %s: neither scale_horizontal nor add_nodes is in its advanced_actions", roleNames([]string{role})),
			Hint: "create a larger cluster, or contact the package's author",
		}
	}
	return nil
}

// MayRemove is DN0: every target exists and is named once, shrinking is allowed for its role, no role falls below the least
// its package allows, and masters leave together with their replicas. The replicas are not added to the request: what is
// deleted is what the user has named.
func MayRemove(v View, targets []string, force bool) *Refusal {
	if len(targets) == 0 {
		return &Refusal{Why: "the request has no nodes", Hint: "list the nodes to delete; drover nodes shows them"}
	}
	leaving := map[string]bool{}
	var unknown, twice []string
	known := v.NodeIDs()
	for _, id := range targets {
		switch {
		case !slices.Contains(known, id):
			unknown = append(unknown, id)
		case leaving[id]:
			twice = append(twice, id)
		}
		leaving[id] = true
	}
	if len(unknown) > 0 {
		return &Refusal{Why: "not nodes of this cluster: " + strings.Join(unknown, ", "), Hint: "list the nodes with drover nodes"}
	}
	if len(twice) > 0 {
		return &Refusal{Why: "duplicate nodes: " + strings.Join(twice, ", "), Hint: "list every node once"}
	}
	for _, r := range v.Roles {
		gone := 0
		for _, n := range r.Nodes {
			if leaving[n.ID] {
				gone++
			}
		}
		least := r.MinCount
		if r.ReplicaOf != "" {
			least = 0
		}
		switch {
		case gone == 0:
		case !r.ScaleHorizontal:
			return &Refusal{
				Why:  fmt.Sprintf("the package does not allow deleting nodes of %s: scale_horizontal is not in its advanced_actions", roleNames([]string{r.Name})),
				Hint: "delete the whole cluster, or contact the package's author",
			}
		case len(r.Nodes)-gone < least:
			return &Refusal{
				Why:  fmt.Sprintf("%s would have %d nodes, and its package requires at least %d", roleNames([]string{r.Name}), len(r.Nodes)-gone, least),
				Hint: "delete fewer nodes, or delete the whole cluster",
			}
		}
	}
	if len(leaving) == len(known) {
		return &Refusal{Why: "no node would remain", Hint: "delete the whole cluster instead"}
	}
	if refusal := v.dividesGroup(leaving); refusal != nil {
		return refusal
	}
	if force {
		return refuseForce(v.RefusesForce(Only(targets)))
	}
	return nil
}

// dividesGroup refuses to delete a master without its replicas, which would belong to no master, and a replica without its
// master, because replicas are added with masters only. A replica that has lost its master may be deleted.
func (v View) dividesGroup(leaving map[string]bool) *Refusal {
	var why, missing []string
	for _, master := range v.Roles {
		for _, m := range master.Nodes {
			var stays, leaves []string
			for _, r := range v.Roles {
				for _, n := range r.Nodes {
					switch name := Label(r.Name, n.SID) + " (" + n.ID + ")"; {
					case r.ReplicaOf != master.Name || r.ReplicaOf == "" || n.GID != m.GID:
					case leaving[n.ID]:
						leaves = append(leaves, name)
					default:
						stays = append(stays, name)
						missing = append(missing, n.ID)
					}
				}
			}
			name := Label(master.Name, m.SID) + " (" + m.ID + ")"
			switch {
			case leaving[m.ID] && len(stays) > 0:
				why = append(why, fmt.Sprintf("%s would leave replicas without a master: %s", name, strings.Join(stays, ", ")))
			case !leaving[m.ID] && len(leaves) > 0:
				why = append(why, fmt.Sprintf("%s would stay with fewer replicas, and replicas are added with a new master only: without %s", name, strings.Join(leaves, ", ")))
				missing = append(missing, m.ID)
			default:
				missing = missing[:len(missing)-len(stays)]
			}
		}
	}
	if len(why) == 0 {
		return nil
	}
	return &Refusal{Why: strings.Join(why, "; "), Hint: "delete masters together with their replicas: list these nodes too: " + strings.Join(missing, " ") +
		"; replace a single broken node with drover repair"}
}

// MayRestart: a role that is named exists.
func MayRestart(v View, role *string) *Refusal {
	if role == nil {
		return nil
	}
	if _, ok := v.Role(*role); !ok {
		return noRole(v, *role)
	}
	return nil
}

// Size is what ScaleVertical may change of a role's nodes; 0 leaves it.
type Size struct {
	CPU        int `json:"cpu,omitempty"`
	Memory     int `json:"memory,omitempty"`      // MiB
	VolumeSize int `json:"volume_size,omitempty"` // GiB
}

// Resizes says whether cpu or memory change, which needs the machine to be off.
func (s Size) Resizes(r RoleView) bool {
	return s.CPU != 0 && s.CPU != r.CPU || s.Memory != 0 && s.Memory != r.Memory
}

// Grows says whether the volume grows.
func (s Size) Grows(r RoleView) bool { return s.VolumeSize > r.VolumeSize }

// MayScale checks a vertical scaling.
func MayScale(v View, role string, s Size) *Refusal {
	r, ok := v.Role(role)
	switch {
	case !ok:
		return noRole(v, role)
	case r.ReplicaOf != "":
		return &Refusal{
			Why:  fmt.Sprintf("role %q is scaled together with its master role", role),
			Hint: fmt.Sprintf("scale role %q", r.ReplicaOf),
		}
	case s.CPU < 0 || s.Memory < 0 || s.VolumeSize < 0:
		return &Refusal{Why: "sizes must be positive numbers", Hint: "set cpu in cores, memory in MiB, volume_size in GiB"}
	case s.VolumeSize != 0 && r.VolumeSize == 0:
		return &Refusal{Why: fmt.Sprintf("%s has no volume", roleNames([]string{role})), Hint: "omit volume_size"}
	case s.VolumeSize != 0 && s.VolumeSize < r.VolumeSize:
		return &Refusal{
			Why:  fmt.Sprintf("a volume cannot shrink: %s has %d GiB", roleNames([]string{role}), r.VolumeSize),
			Hint: "set the current size or a larger one",
		}
	case !s.Resizes(r) && !s.Grows(r):
		return &Refusal{
			Why:  fmt.Sprintf("%s already has this size", roleNames([]string{role})),
			Hint: fmt.Sprintf("choose a size other than %d cores, %d MiB and %d GiB", r.CPU, r.Memory, r.VolumeSize),
		}
	}
	return nil
}

// MayUpgrade checks a new version against the running one: its upgrade_policy lists the running version, and roles and
// mount points are the same.
func MayUpgrade(from string, old *specs.Cluster, to string, next *specs.Cluster) *Refusal {
	var why []string
	if from == to {
		why = append(why, fmt.Sprintf("the cluster already runs version %s", to))
	} else if !slices.Contains(next.UpgradePolicy, from) {
		why = append(why, fmt.Sprintf("version %s allows upgrades from %v, not from %s", to, next.UpgradePolicy, from))
	}
	for _, o := range old.Roles {
		n, ok := next.Role(o.Name)
		switch {
		case !ok:
			why = append(why, fmt.Sprintf("version %s lacks %s", to, roleNames([]string{o.Name})))
		case !slices.Equal(mountPoints(o), mountPoints(*n)):
			why = append(why, fmt.Sprintf("%s has mount points %v, but %v in version %s", roleNames([]string{o.Name}), mountPoints(o), mountPoints(*n), to))
		}
	}
	for _, n := range next.Roles {
		if _, ok := old.Role(n.Name); !ok {
			why = append(why, fmt.Sprintf("version %s adds %s", to, roleNames([]string{n.Name})))
		}
	}
	if len(why) == 0 {
		return nil
	}
	return &Refusal{Why: strings.Join(why, "; "), Hint: "list the published versions with drover apps list"}
}

func mountPoints(r specs.Role) []string {
	if r.Volume == nil {
		return nil
	}
	return r.Volume.MountPoints
}

func noRole(v View, role string) *Refusal {
	var names []string
	for _, r := range v.Roles {
		names = append(names, fmt.Sprintf("%q", r.Name))
	}
	return &Refusal{Why: fmt.Sprintf("the cluster has no role %q", role), Hint: "its roles: " + strings.Join(names, ", ")}
}

func roleNames(roles []string) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = fmt.Sprintf("role %q", r)
		if r == "" {
			names[i] = "the only role"
		}
	}
	return strings.Join(names, ", ")
}
