// Package packages opens published application packages and renders them for clusters. Storing them is the subject apps;
// what a specification means is package specs.
package packages

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/specs"
)

// Store reads published packages.
type Store interface {
	// App gives a package with its archive; NotFound when that version is not published.
	App(ctx context.Context, appID, versionID string) (*metadata.App, error)
}

// Lister lists published packages without their archives.
type Lister interface {
	Apps(ctx context.Context) ([]metadata.App, error)
}

// Open reads a published package.
func Open(ctx context.Context, apps Store, appID, version string) (*specs.Package, error) {
	app, err := apps.App(ctx, appID, version)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "version %q of application %q is not published", version, appID).
			WithHint("see: drover apps list")
	}
	if err != nil {
		return nil, err
	}
	pkg, err := specs.FromArchive(appID+"-"+version+".tar.gz", bytes.NewReader(app.Archive))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the published package %s %s cannot be read", appID, version)
	}
	return pkg, nil
}

// Newest is the version of the application that was published last.
func Newest(ctx context.Context, apps Lister, appID string) (string, error) {
	all, err := apps.Apps(ctx)
	if err != nil {
		return "", err
	}
	NewestFirst(all)
	var known []string
	for _, app := range all {
		if app.AppID == appID {
			return app.VersionID, nil
		}
		if !slices.Contains(known, app.AppID) {
			known = append(known, app.AppID)
		}
	}
	return "", fault.New(fault.NotFound, "no application %q is published", appID).
		WithHint("published: %s; publish with: drover apps publish PATH --app %s --version VERSION", fmt.Sprint(known), appID)
}

// NewestFirst sorts versions by application, then by time, the newest first.
func NewestFirst(apps []metadata.App) {
	slices.SortFunc(apps, func(x, y metadata.App) int {
		if c := strings.Compare(x.AppID, y.AppID); c != 0 {
			return c
		}
		return strings.Compare(y.PublishedAt, x.PublishedAt)
	})
}

// RenderAs renders a package for a cluster that exists: what operations have changed since (sizes, counts) stays.
func RenderAs(ctx context.Context, pkg *specs.Package, rec *lifecycle.Record, values map[string]any) (*specs.Cluster, error) {
	spec, _, err := pkg.Render(ctx, WithName(pkg, values, rec.Name))
	if err != nil {
		return nil, err
	}
	for i := range spec.Roles {
		r := &spec.Roles[i]
		was, ok := rec.Spec.Role(r.Name)
		if !ok {
			continue
		}
		r.Count, r.Replica, r.CPU, r.Memory = was.Count, was.Replica, was.CPU, was.Memory
		if r.Volume != nil && was.Volume != nil {
			r.Volume.Size = was.Volume.Size
		}
	}
	spec.Links = rec.Spec.Links
	return spec, nil
}

// WithEnv is a record's values and specification with changed env values; only those change.
func WithEnv(ctx context.Context, apps Store, rec *lifecycle.Record, changes map[string]any) (map[string]any, *specs.Cluster, error) {
	pkg, err := Open(ctx, apps, rec.AppID, rec.VersionID)
	if err != nil {
		return nil, nil, err
	}
	typed, err := pkg.CheckChange(changes)
	if err != nil {
		return nil, nil, Refusal(err, "these parameters cannot be changed so")
	}
	values := pkg.Override(rec.Values, typed)
	spec, err := RenderAs(ctx, pkg, rec, values)
	if err != nil {
		return nil, nil, Refusal(err, "the changed parameters cannot be rendered")
	}
	return values, spec, nil
}

// Known are the values that a package has items for: a new version may have dropped some.
func Known(pkg *specs.Package, values map[string]any) map[string]any {
	out := pkg.Override(values, nil)
	for path := range out {
		if _, ok := pkg.Config.Resolve(path); !ok {
			delete(out, path)
		}
	}
	return out
}

// WithName gives a cluster its name, where the package lets it be chosen.
func WithName(pkg *specs.Package, values map[string]any, name string) map[string]any {
	const item = "cluster.name"
	if _, ok := pkg.Config.Item(item); !ok || name == "" {
		return values
	}
	return pkg.Override(values, map[string]any{item: name})
}

// Refusal is an Invalid fault that names every problem in its message too: the Temporal UI shows nothing else.
func Refusal(err error, what string) error {
	f := fault.Wrap(err, fault.Invalid, "%s", what)
	if len(f.Problems) > 0 {
		f.Message = what + ": " + strings.Join(f.Problems, "; ")
	}
	return f
}
