// Package packages opens published application packages and renders them for clusters. Storing them is the subject apps;
// what a specification means is package specs.
package packages

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/specs"
	"drover/workflows/api"
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
	pkg, _, err := Published(ctx, apps, appID, version)
	return pkg, err
}

// Offered opens a package for a cluster that does not have the version yet: one that is yanked is refused.
func Offered(ctx context.Context, apps Store, appID, version string) (*specs.Package, *metadata.App, error) {
	pkg, app, err := Published(ctx, apps, appID, version)
	if err == nil && app.Yanked != "" {
		return nil, nil, fault.New(fault.NotAllowed, "version %s of %s is yanked since %s: no cluster gets it", version, appID, app.Yanked).
			WithHint("choose another version (drover apps list), or offer it again: drover apps yank %s --version %s --undo", appID, version)
	}
	return pkg, app, err
}

// Published reads a published package and its description.
func Published(ctx context.Context, apps Store, appID, version string) (*specs.Package, *metadata.App, error) {
	app, err := apps.App(ctx, appID, version)
	if fault.Is(err, fault.NotFound) {
		return nil, nil, fault.New(fault.NotFound, "version %q of application %q is not published", version, appID).
			WithHint("see: drover apps list")
	}
	if err != nil {
		return nil, nil, err
	}
	pkg, err := specs.FromArchive(appID+"-"+version+".tar.gz", bytes.NewReader(app.Archive))
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "the published package %s %s cannot be read", appID, version)
	}
	return pkg, app, nil
}

// Default is the version that a creation takes which names none, and why: the highest by semantic version, prereleases
// and yanked versions aside; where no version is a semantic version of a release, the one that was published last and is not
// yanked.
func Default(ctx context.Context, apps Lister, appID string) (version, why string, _ error) {
	all, err := apps.Apps(ctx)
	if err != nil {
		return "", "", err
	}
	NewestFirst(all)
	var known, yanked []string
	highest, last := "", ""
	for _, app := range all {
		if !slices.Contains(known, app.AppID) {
			known = append(known, app.AppID)
		}
		if app.AppID != appID {
			continue
		}
		if app.Yanked != "" {
			yanked = append(yanked, app.VersionID)
			continue
		}
		if last == "" {
			last = app.VersionID
		}
		if released(app.VersionID) && (highest == "" || semver.Compare(canonical(app.VersionID), canonical(highest)) > 0) {
			highest = app.VersionID
		}
	}
	switch {
	case highest != "":
		return highest, "it is the highest version that is neither a prerelease nor yanked", nil
	case last != "":
		return last, "it was published last, and no version that is not yanked is a semantic version of a release", nil
	case len(yanked) > 0:
		return "", "", fault.New(fault.NotAllowed, "all published versions of %s are yanked: %s", appID, strings.Join(yanked, ", ")).
			WithHint("publish another version, or offer one again: drover apps yank %s --version %s --undo", appID, yanked[0])
	}
	return "", "", fault.New(fault.NotFound, "no application %q is published", appID).
		WithHint("published: %s; publish with: drover apps publish PATH --app %s --version VERSION", fmt.Sprint(known), appID)
}

// canonical is a version as package semver writes it.
func canonical(version string) string { return "v" + strings.TrimPrefix(version, "v") }

func released(version string) bool {
	v := canonical(version)
	return semver.IsValid(v) && semver.Prerelease(v) == ""
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

// Revise renders the version that runs for a cluster as it is, with changed values of items. It gives the values in force
// from then on.
func Revise(ctx context.Context, pkg *specs.Package, rec *lifecycle.Record, changes map[string]any) (lifecycle.Values, *specs.Cluster, error) {
	spec, values, err := pkg.Revise(ctx, inForce(pkg, rec), changes)
	if err != nil {
		return nil, nil, err
	}
	asItIs(pkg, spec, rec)
	return values, spec, nil
}

// CarryOver renders another version for a cluster that is upgraded to it.
func CarryOver(ctx context.Context, running, next *specs.Package, rec *lifecycle.Record, given map[string]any) (lifecycle.Values, *specs.Cluster, *specs.Carried, error) {
	// Every item of the running version has a value, also where the record was written without defaults.
	_, values, err := running.Revise(ctx, inForce(running, rec), nil)
	if err != nil {
		return nil, nil, nil, err
	}
	spec, values, carried, err := next.CarryOver(ctx, WithName(next, values, rec.Name), given)
	if err != nil {
		return nil, nil, nil, err
	}
	asItIs(next, spec, rec)
	return values, spec, carried, nil
}

// Follow renders a record again whose counts or sizes have changed: other parts of its specification may mention them. A
// version that is not published any more is left as it was rendered.
func Follow(ctx context.Context, apps Store, rec *lifecycle.Record) error {
	pkg, err := Open(ctx, apps, rec.AppID, rec.VersionID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	values, spec, err := Revise(ctx, pkg, rec, nil)
	if err != nil {
		return Refusal(err, "the cluster cannot be rendered with these counts and sizes")
	}
	rec.Values, rec.Spec = values, spec
	return nil
}

// CheckSizes refuses a new count and new sizes of a role, by key of its items, that a new cluster could not have.
func CheckSizes(ctx context.Context, apps Store, rec *lifecycle.Record, role *specs.Role, sizes map[string]int) error {
	pkg, err := Open(ctx, apps, rec.AppID, rec.VersionID)
	if err != nil {
		return err
	}
	if err := pkg.CheckSizes(role, sizes); err != nil {
		return Refusal(err, "the package does not allow this")
	}
	return nil
}

// inForce are the values of a cluster as it is, by whole path.
func inForce(pkg *specs.Package, rec *lifecycle.Record) map[string]any {
	return WithName(pkg, pkg.Override(rec.InForce(), nil), rec.Name)
}

// asItIs keeps of a specification what operations have changed: counts and sizes, also where they are literals.
func asItIs(pkg *specs.Package, spec *specs.Cluster, rec *lifecycle.Record) {
	for i := range spec.Roles {
		r := &spec.Roles[i]
		was, ok := rec.Spec.Role(r.Name)
		if !ok {
			continue
		}
		r.Count, r.Replica, r.CPU, r.Memory = rec.Sizes(was)[specs.ItemCount], was.Replica, was.CPU, was.Memory
		if r.Volume != nil && was.Volume != nil {
			r.Volume.Size = was.Volume.Size
		}
		if was.MinCount == 0 && !pkg.SaysLeast(r) {
			r.MinCount = 0 // it was created without nodes
		}
	}
}

// WithEnv is a record's values and specification with changed env values; only those change.
func WithEnv(ctx context.Context, apps Store, rec *lifecycle.Record, changes map[string]any) (lifecycle.Values, *specs.Cluster, error) {
	pkg, err := Open(ctx, apps, rec.AppID, rec.VersionID)
	if err != nil {
		return nil, nil, err
	}
	typed, err := pkg.CheckChange(changes)
	if err != nil {
		return nil, nil, Refusal(err, "these parameters cannot be changed so")
	}
	values, spec, err := Revise(ctx, pkg, rec, typed)
	if err != nil {
		return nil, nil, Refusal(err, "the changed parameters cannot be rendered")
	}
	return values, spec, nil
}

// Changes are the values that a change of parameters sets, and those before. Passwords are hidden.
func Changes(ctx context.Context, apps Store, rec *lifecycle.Record, changes map[string]any) ([]api.ValueView, error) {
	pkg, err := Open(ctx, apps, rec.AppID, rec.VersionID)
	if err != nil {
		return nil, err
	}
	typed, err := pkg.CheckChange(changes)
	if err != nil {
		return nil, Refusal(err, "these parameters cannot be changed so")
	}
	before := inForce(pkg, rec)
	var out []api.ValueView
	for _, path := range slices.Sorted(maps.Keys(typed)) {
		item, ok := pkg.Config.Item(path)
		if !ok {
			continue
		}
		was, had := before[path]
		if !had {
			was = item.Default
		}
		out = append(out, api.ValueView{Path: path, Value: item.Shown(typed[path]), Was: item.Shown(was)})
	}
	return out, nil
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
