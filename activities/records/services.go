package records

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
	"drover/workflows/api"
)

// runnable are the standard services an operator may run by hand beside a package's custom ones.
var runnable = []string{"backup", "restore"}

// beginService checks that the service may be run by hand where it is asked for, and makes each role's JSON argument:
// roles may declare different parameters for a service of the same name.
func (a *Activities) beginService(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.RunServiceInput) (map[string]string, error) {
	var roles []specs.Role
	var names []string
	for _, r := range rec.Spec.Roles {
		for name, s := range r.Services {
			if !s.Custom && !slices.Contains(runnable, name) {
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
		return nil, fault.New(fault.NotAllowed, "service %q cannot be run by hand there", in.Service).
			WithHint("services of this cluster that can: %v", slices.Compact(names)).At(rec.ClusterID, "", in.Service)
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
		params, err := pkg.ServiceParams(r.Services[in.Service], in.Params)
		if err != nil {
			return nil, packages.Refusal(err, fmt.Sprintf("the parameters of %s are not valid", in.Service))
		}
		if len(params) == 0 {
			continue
		}
		data, err := json.Marshal(params)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the parameters of %s", in.Service)
		}
		arguments[r.Name] = string(data)
	}
	return arguments, nil
}
