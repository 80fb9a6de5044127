package lifecycle

import "fmt"

// Refusal says why an operation may not start from a cluster's state, and what to do; nil when it may.
type Refusal struct {
	Why  string
	Hint string
}

func (r *Refusal) Error() string { return r.Why }

// MayDelete: DeleteCluster works from every state; force is refused up front when a role does not allow it, as long as
// its guard would run at all.
func MayDelete(v View, force bool) *Refusal {
	if !force || !GuardsApply(v) {
		return nil
	}
	roles := v.RefusesForce()
	if len(roles) == 0 {
		return nil
	}
	return &Refusal{
		Why:  fmt.Sprintf("force is not allowed: the destroy service of %s says allow_force: false", roleNames(roles)),
		Hint: "delete without force and let the package's destroy command decide",
	}
}

// GuardsApply says whether DeleteCluster runs the package's destroy and stop commands at all. A cluster that never
// became active holds no data a user put there, and one that is being released already has passed its guards.
func GuardsApply(v View) bool { return v.EverActive && v.State != Deleting }

func roleNames(roles []string) string {
	out := ""
	for i, r := range roles {
		if i > 0 {
			out += ", "
		}
		if r == "" {
			r = "the only role"
		} else {
			r = fmt.Sprintf("role %q", r)
		}
		out += r
	}
	return out
}
