package publish

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
	// Remove drops nodes. Lost is why their resources could not be released: they go to the orphan ledger.
	Remove []string `json:"remove,omitempty"`
	Lost   string   `json:"lost,omitempty"`
	// Size is the new size of a role, its replicas and their nodes.
	Size *RoleSize `json:"size,omitempty"`
	// Commit makes the target of an upgrade what runs: there is no way back any more.
	Commit bool `json:"commit,omitempty"`
}

// RoleSize is a size of a role, its replicas and all their nodes.
type RoleSize struct {
	Role string `json:"role"`
	lifecycle.Size
}

// resizes says whether counts or sizes of roles may change.
func (c *Change) resizes() bool {
	return c != nil && (c.Adding != nil || len(c.Remove) > 0 || c.Size != nil)
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
	if c.VerticalScaling != nil && len(*c.VerticalScaling) == 0 {
		for i := range rec.Nodes {
			rec.Nodes[i].Was = nil
		}
	}
	rec.Nodes = slices.DeleteFunc(rec.Nodes, func(n lifecycle.Node) bool {
		return slices.Contains(c.Remove, n.ID)
	})
	rec.Releasing = slices.DeleteFunc(rec.Releasing, func(id string) bool { return slices.Contains(c.Remove, id) })
	if c.Size != nil {
		rec.Resize(c.Size.Role, c.Size.Size)
	}
	if c.Commit {
		rec.Commit()
	}
}
