package records

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"drover/activities/internal/control"
	"drover/activities/internal/instances"
	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
	"drover/workflows/api"
)

// beginEnv checks that the changed values can be rendered, recorded and published.
func (a *Activities) beginEnv(ctx context.Context, rec *lifecycle.Record, changes map[string]any) (*api.ValueChanges, error) {
	values, spec, err := packages.WithEnv(ctx, a.Apps, rec, changes)
	if err != nil {
		return nil, err
	}
	set, err := packages.Changes(ctx, a.Apps, rec, changes)
	if err != nil {
		return nil, err
	}
	changed := *rec
	changed.Values, changed.Spec = values, spec
	return &api.ValueChanges{Set: set}, control.Publishable(a.Records, &changed)
}

// sizePath names a size of a role: "etcd_node.cpu".
func sizePath(role, key string) string {
	if role == "" {
		return key
	}
	return role + "." + key
}

func (a *Activities) beginScale(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.ScaleVerticalInput, retried bool, ahead foreseen, out *Begun) error {
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return err
	}
	can := p.Capabilities()
	if can.Fixed && (in.CPU != 0 || in.Memory != 0) {
		return fault.New(fault.NotAllowed, "cpu and memory of %s cannot be changed: provider %q was given its machines as they are", rec.ClusterID, rec.Provider).
			WithHint("add nodes on larger machines and delete the others, or leave --cpu and --memory out")
	}
	out.GrowOnline = can.GrowMountedVolume
	role, refusal := lifecycle.RoleToScale(view, in.Role)
	if refusal != nil {
		return notAllowed(rec, refusal)
	}
	out.Role = role
	size := lifecycle.Size{CPU: in.CPU, Memory: in.Memory, VolumeSize: in.VolumeSize}
	if err := refused(rec, lifecycle.MayScale(view, role, size)); err != nil {
		return err
	}
	of, _ := rec.Spec.Role(role)
	now, wanted := rec.Sizes(of), map[string]int{}
	for key, n := range map[string]int{specs.ItemCPU: size.CPU, specs.ItemMemory: size.Memory, specs.ItemVolumeSize: size.VolumeSize} {
		if n != 0 && n != now[key] {
			wanted[key] = n
		}
	}
	if err := packages.CheckSizes(ctx, a.Apps, rec, of, wanted); err != nil {
		return err
	}
	out.Values = &api.ValueChanges{}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		out.Values.Set = append(out.Values.Set, api.ValueView{
			Path: sizePath(role, key), Value: strconv.Itoa(wanted[key]), Was: strconv.Itoa(now[key]),
		})
	}
	if !retried {
		if err := ahead.capacity(ctx, a, p, instances.Resized(rec, rec.NamedNodes(lifecycle.IDsOf(view.Family(role))), size)); err != nil {
			return err
		}
		if err := ahead.refusal(rec.ClusterID); err != nil {
			return err
		}
		out.Warnings = ahead.warnings
	}
	return a.promise(ctx, rec, func(rec *lifecycle.Record) { rec.Resize(role, size) })
}
