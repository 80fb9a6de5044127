package records

import (
	"context"
	"fmt"
	"slices"

	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
	"drover/workflows/api"
)

// notByHand are the standard services that users know as commands: why running the service alone is not that, and what is.
var notByHand = map[string]struct{ why, instead string }{
	"backup": {
		"the service only prepares nodes for a backup: nothing would be stored, and the run would look like a backup",
		"drover backup create CLUSTER",
	},
	"restore": {
		"the service takes over the data of a backup that Drover has not brought to the nodes, and may empty their data folders",
		"drover backup restore BACKUP",
	},
}

// hasNodes says whether a role has nodes among the named ones; none named: whether it has any.
func hasNodes(view lifecycle.View, role string, named []string) bool {
	r, _ := view.Role(role)
	return slices.ContainsFunc(r.Nodes, func(n lifecycle.NodeRef) bool { return len(named) == 0 || slices.Contains(named, n.ID) })
}

// beginService checks that the service may be run by hand where it is asked for, and makes each role's JSON argument:
// roles may declare different parameters for a service of the same name.
func (a *Activities) beginService(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.RunServiceInput) (map[string]string, error) {
	var roles []specs.Role
	var names []string
	reason, instead := " there", ""
	for _, r := range rec.Spec.Roles {
		for name, s := range r.Services {
			if !s.Custom {
				if not, known := notByHand[name]; known && name == in.Service {
					reason, instead = ": "+not.why, "use "+not.instead+"; "
				}
				continue
			}
			names = append(names, name)
			if name == in.Service && (in.Role == nil || *in.Role == r.Name) {
				roles = append(roles, r)
			}
		}
	}
	slices.Sort(names)
	if len(roles) == 0 {
		return nil, fault.New(fault.NotAllowed, "service %q cannot be run by hand%s", in.Service, reason).
			WithHint("%sservices of this cluster that can: %v", instead, slices.Compact(names)).At(rec.ClusterID, "", in.Service)
	}
	able := view.AgentIDs(view.Among(func(r lifecycle.RoleView) bool {
		return slices.ContainsFunc(roles, func(s specs.Role) bool { return s.Name == r.Name })
	}))
	for _, id := range in.Nodes {
		if !slices.Contains(able, id) {
			return nil, fault.New(fault.NotAllowed, "%s is not a node of this cluster that can run %s", id, in.Service).
				WithHint("drover nodes lists them").At(rec.ClusterID, "", in.Service)
		}
	}
	if len(able) == 0 {
		return nil, fault.New(fault.NotAllowed, "no node can run %s", in.Service).WithHint("drover nodes lists the nodes").At(rec.ClusterID, "", in.Service)
	}
	pkg, err := packages.Open(ctx, a.Apps, rec.AppID, rec.VersionID)
	if err != nil {
		return nil, err
	}
	arguments := map[string]string{}
	for _, r := range roles {
		if !hasNodes(view, r.Name, in.Nodes) {
			continue // its parameters are asked for where it runs
		}
		params, err := pkg.ServiceParams(r.Services[in.Service], in.Params)
		if err != nil {
			return nil, packages.Refusal(err, fmt.Sprintf("the parameters of %s are not valid", in.Service))
		}
		if len(params) == 0 {
			continue
		}
		arguments[r.Name] = string(specs.EncodeJSON(params))
	}
	return arguments, nil
}
