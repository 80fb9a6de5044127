package activities

import (
	"slices"

	"drover/lifecycle"
)

// Change is what a step alters in the control record before it is published. Fields are absolute values, nil leaves
// things as they are, and applying a change twice is the same as once.
type Change struct {
	// Adding, Deleting and VerticalScaling are the new contents of the temporary folders.
	Adding          *[]string `json:"adding,omitempty"`
	Deleting        *[]string `json:"deleting,omitempty"`
	VerticalScaling *[]string `json:"vertical_scaling,omitempty"`
	// UpgradeFrom is /upgrade-audit/from_app_version; "" removes it.
	UpgradeFrom *string `json:"upgrade_from,omitempty"`
	// Remove drops nodes.
	Remove []string `json:"remove,omitempty"`
	// Size is the new size of a role, its replicas and their nodes.
	Size *RoleSize `json:"size,omitempty"`
	// Commit forgets the way back of an upgrade; Restore takes it.
	Commit  bool `json:"commit,omitempty"`
	Restore bool `json:"restore,omitempty"`
}

// RoleSize is a size of the nodes of a role and its replicas.
type RoleSize struct {
	Role string `json:"role"`
	lifecycle.Size
	// Nodes limits it to some nodes; the role, which new nodes follow, stays as it was.
	Nodes []string `json:"nodes,omitempty"`
}

func (c *Change) apply(rec *lifecycle.Record) {
	if c == nil {
		return
	}
	set := func(target *[]string, value *[]string) {
		if value != nil {
			*target = *value
		}
	}
	set(&rec.Adding, c.Adding)
	set(&rec.Deleting, c.Deleting)
	set(&rec.VerticalScaling, c.VerticalScaling)
	if c.UpgradeFrom != nil {
		rec.UpgradeFrom = *c.UpgradeFrom
	}
	rec.Nodes = slices.DeleteFunc(rec.Nodes, func(n lifecycle.Node) bool { return slices.Contains(c.Remove, n.ID) })
	if c.Size != nil {
		c.Size.apply(rec)
	}
	if c.Restore && rec.Previous != nil {
		rec.Spec, rec.VersionID = rec.Previous.Spec, rec.Previous.VersionID
	}
	if c.Commit || c.Restore {
		rec.Previous = nil
	}
}

func (s *RoleSize) apply(rec *lifecycle.Record) {
	put := func(target *int, value int) {
		if value > 0 {
			*target = value
		}
	}
	members := map[string]bool{}
	for i := range rec.Spec.Roles {
		r := &rec.Spec.Roles[i]
		if r.Master() != s.Role {
			continue
		}
		members[r.Name] = true
		if s.Nodes != nil {
			continue
		}
		put(&r.CPU, s.CPU)
		put(&r.Memory, s.Memory)
		if r.Volume != nil {
			put(&r.Volume.Size, s.VolumeSize)
		}
	}
	for i := range rec.Nodes {
		if n := &rec.Nodes[i]; members[n.Role] && (s.Nodes == nil || slices.Contains(s.Nodes, n.ID)) {
			put(&n.CPU, s.CPU)
			put(&n.Memory, s.Memory)
			if len(n.VolumeIDs) > 0 {
				put(&n.VolumeSize, s.VolumeSize)
			}
		}
	}
}
