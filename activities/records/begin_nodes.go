package records

import (
	"context"
	"slices"

	"drover/activities/internal/control"
	"drover/activities/internal/ids"
	"drover/activities/internal/instances"
	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
	"drover/workflows/api"
)

// beginAdd chooses the ids of the new nodes. They are in the record from here on, so that whatever is made for them is
// known, and marked as being added.
func (a *Activities) beginAdd(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.AddNodesInput, retried bool, ahead foreseen, out *Begun) error {
	role, refusal := lifecycle.RoleToGrow(view, in.Role)
	if refusal != nil {
		return notAllowed(rec, refusal)
	}
	out.Role, out.Added = role, rec.Adding
	if retried {
		return nil
	}
	if err := refused(rec, lifecycle.MayAdd(view, role, in.Count)); err != nil {
		return err
	}
	of, _ := rec.Spec.Role(role)
	if err := packages.CheckSizes(ctx, a.Apps, rec, of, map[string]int{specs.ItemCount: rec.Sizes(of)[specs.ItemCount] + in.Count}); err != nil {
		return err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err == nil {
		err = a.noStrays(ctx, p, rec)
	}
	if err != nil {
		return err
	}
	own := map[int]bool{}
	for _, n := range rec.Nodes {
		own[n.GSID] = true
	}
	nodes, err := lifecycle.Extend(rec.Spec, rec.Nodes, role, in.Count, ids.Random{Used: own})
	if err != nil {
		return fault.New(fault.NotAllowed, "%v", err).At(rec.ClusterID, "", "")
	}
	if err := ahead.images(ctx, p, rec.VersionID, rolesOf(rec, nodes)); err != nil {
		return err
	}
	if err := ahead.capacity(ctx, a, p, instances.New(rec, nodes)); err != nil {
		return err
	}
	if err := ahead.refusal(rec.ClusterID); err != nil {
		return err
	}
	out.Added, out.Warnings = nil, ahead.warnings
	for _, n := range nodes {
		n.VersionID = rec.VersionID
		rec.Nodes = append(rec.Nodes, n)
		out.Added = append(out.Added, n.ID)
	}
	inOrder(rec)
	rec.Adding = out.Added
	return a.promise(ctx, rec, func(*lifecycle.Record) {})
}

// rolesOf are the roles of some nodes.
func rolesOf(rec *lifecycle.Record, nodes []lifecycle.Node) []specs.Role {
	var roles []specs.Role
	for _, r := range rec.Spec.Roles {
		if slices.ContainsFunc(nodes, func(n lifecycle.Node) bool { return n.Role == r.Name }) {
			roles = append(roles, r)
		}
	}
	return roles
}

// promise refuses what could not be rendered or published once an operation has changed counts or sizes.
func (a *Activities) promise(ctx context.Context, rec *lifecycle.Record, change func(*lifecycle.Record)) error {
	changed, err := rec.Clone()
	if err != nil {
		return err
	}
	change(changed)
	if err := packages.Follow(ctx, a.Apps, changed); err != nil {
		return err
	}
	return control.Publishable(a.Records, changed)
}

func (a *Activities) beginRemove(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.DeleteNodesInput) error {
	if err := refused(rec, lifecycle.MayRemove(view, in.Nodes, in.Force)); err != nil {
		return err
	}
	return a.promise(ctx, rec, func(rec *lifecycle.Record) {
		rec.Nodes = slices.DeleteFunc(rec.Nodes, func(n lifecycle.Node) bool { return slices.Contains(in.Nodes, n.ID) })
	})
}

// inOrder keeps nodes by role, as the specification lists roles, then sid.
func inOrder(rec *lifecycle.Record) {
	rank := map[string]int{}
	for i, r := range rec.Spec.Roles {
		rank[r.Name] = i
	}
	slices.SortStableFunc(rec.Nodes, func(x, y lifecycle.Node) int {
		if x.Role != y.Role {
			return rank[x.Role] - rank[y.Role]
		}
		return x.SID - y.SID
	})
}
