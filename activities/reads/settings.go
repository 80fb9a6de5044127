package reads

import (
	"context"
	"maps"
	"slices"

	"drover/activities/internal/packages"
	"drover/specs"
	"drover/workflows/api"
)

// DescribeApp reads the settings and services of a published version.
func (a *Activities) DescribeApp(ctx context.Context, in api.DescribeAppInput) (api.AppDetail, error) {
	out := api.AppDetail{}
	if in.Version == "" {
		var err error
		if in.Version, out.Why, err = packages.Default(ctx, a.Apps, in.App); err != nil {
			return out, err
		}
	}
	pkg, err := packages.Open(ctx, a.Apps, in.App, in.Version)
	if err != nil {
		return out, err
	}
	app, err := a.Apps.App(ctx, in.App, in.Version)
	if err != nil {
		return out, err
	}
	out.AppView = api.AppView{App: app.AppID, Version: app.VersionID, Digest: app.Digest, PublishedAt: app.PublishedAt, Roles: app.Roles, Yanked: app.Yanked}
	describe(ctx, pkg, &out)
	return out, nil
}

func describe(ctx context.Context, pkg *specs.Package, out *api.AppDetail) {
	out.Settings, out.Services, out.Texts = settingsOf(pkg.Settings()), servicesOf(pkg, pkg.Outline(ctx)), pkg.Texts()
	for _, g := range pkg.Config.Labels {
		out.Groups = append(out.Groups, api.SettingGroup(g))
	}
}

// DescribeValues reads the values in force of a cluster. Passwords are hidden.
func (a *Activities) DescribeValues(ctx context.Context, in api.DescribeValuesInput) (api.ClusterValues, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return api.ClusterValues{}, err
	}
	pkg, err := packages.Open(ctx, a.Apps, rec.AppID, rec.VersionID)
	if err != nil {
		return api.ClusterValues{}, err
	}
	out := api.ClusterValues{
		ClusterID: rec.ClusterID, App: rec.AppID, Version: rec.VersionID,
		Settings: settingsOf(pkg.Settings()), Services: servicesOf(pkg, rec.Spec),
	}
	values := packages.WithName(pkg, pkg.Override(rec.InForce(), nil), rec.Name)
	for i := range out.Settings {
		item, _ := pkg.Config.Item(out.Settings[i].Path)
		v, has := values[item.Path]
		if !has && item.HasDefault { // written before every item had a value
			v, has = item.Default, true
		}
		if has {
			out.Settings[i].Value, out.Settings[i].Form.Value = item.Shown(v), item.Typed(v)
		}
	}
	return out, nil
}

func settingsOf(in []specs.Setting) []api.Setting {
	out := []api.Setting{}
	for _, s := range in {
		out = append(out, api.Setting{
			Path: s.Path, Label: s.Label, Description: s.Description, Type: s.Type, Required: s.Required, Changeable: s.Changeable,
			Default: s.Default, Allowed: s.Allowed, Form: formOf(s.Form),
		})
	}
	return out
}

func formOf(in *specs.Form) *api.Form {
	if in == nil {
		return nil
	}
	out := &api.Form{
		Key: in.Key, Default: in.Default, Preset: in.Preset, Range: in.Range, Min: in.Min, Max: in.Max, Step: in.Step, Pattern: in.Pattern,
		MultiChoice: in.MultiChoice, Separator: in.Separator, Kept: in.Kept, ResourceGroup: in.Groups,
	}
	for _, d := range in.Dependencies {
		out.Dependencies = append(out.Dependencies, api.SettingDependency{Path: d.Ref, Values: d.Texts(), Not: d.Not})
	}
	return out
}

func servicesOf(pkg *specs.Package, cluster *specs.Cluster) []api.ServiceView {
	out := []api.ServiceView{}
	if cluster == nil {
		return out
	}
	for i := range cluster.Roles {
		role := &cluster.Roles[i]
		for _, name := range slices.Sorted(maps.Keys(role.Services)) {
			s := role.Services[name]
			view := api.ServiceView{
				Role: role.Name, Name: s.Name, Custom: s.Custom, Order: s.Order, Nodes: s.NodesToExecuteOn, TimeoutSec: s.Timeout, PreCheck: s.PreCheck != "",
			}
			view.Parameters = settingsOf(pkg.ParamSettings(s))
			out = append(out, view)
		}
	}
	return out
}
