package apps

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"drover/activities/internal/packages"
	"drover/fault"
	"drover/metadata"
	"drover/specs"
	"drover/workflows/api"
)

// PublishApp checks a package and stores it. The same content again is a no-op; other content under a published version is
// refused, as clusters refer to versions, unless the request replaces it and nothing uses it.
func (a *Activities) PublishApp(ctx context.Context, in api.PublishAppInput) (api.AppView, error) {
	pkg, err := specs.FromArchive(in.App+"-"+in.Version+".tar.gz", bytes.NewReader(in.Archive))
	if err != nil {
		return api.AppView{}, fault.Wrap(err, fault.Invalid, "the package cannot be read")
	}
	roles, problems := lintRoles(ctx, pkg)
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "%s %s has %d errors: %s", in.App, in.Version, len(problems), strings.Join(problems, "; "))
		f.Problems = problems
		return api.AppView{}, f.WithHint("drover lint PACKAGE shows them with file and line")
	}
	sum := sha256.Sum256(in.Archive)
	app := metadata.App{
		AppID: in.App, VersionID: in.Version, Archive: in.Archive, Digest: hex.EncodeToString(sum[:]), Roles: roles,
		PublishedAt: a.Now().UTC().Format(time.RFC3339Nano),
	}
	put := a.Apps.PutApp
	if in.Replace {
		put = a.replace
	}
	if err := put(ctx, app); err != nil {
		return api.AppView{}, err
	}
	stored, err := a.Apps.App(ctx, in.App, in.Version)
	if err != nil {
		return api.AppView{}, err
	}
	return appView(*stored), nil
}

// ListApps lists every published version, newest first within an application.
func (a *Activities) ListApps(ctx context.Context, _ api.ListAppsInput) (api.AppList, error) {
	apps, err := a.Apps.Apps(ctx)
	if err != nil {
		return api.AppList{}, err
	}
	packages.NewestFirst(apps)
	list := api.AppList{Apps: []api.AppView{}}
	for _, app := range apps {
		list.Apps = append(list.Apps, appView(app))
	}
	return list, nil
}

// YankApp takes a version out of what new clusters get, or gives it back. Clusters that have it keep it.
func (a *Activities) YankApp(ctx context.Context, in api.YankAppInput) (api.AppView, error) {
	since := ""
	if !in.Undo {
		since = a.Now().UTC().Format(time.RFC3339)
	}
	if err := a.Apps.YankApp(ctx, in.App, in.Version, since); err != nil {
		return api.AppView{}, err
	}
	app, err := a.Apps.App(ctx, in.App, in.Version)
	if err != nil {
		return api.AppView{}, err
	}
	return appView(*app), nil
}

// lintRoles names the package's roles as its defaults make them, and every error that would keep it from running.
func lintRoles(ctx context.Context, pkg *specs.Package) (roles, problems []string) {
	for _, d := range specs.Lint(ctx, pkg).Errors() {
		problems = append(problems, d.String())
	}
	spec, _, err := pkg.Render(ctx, nil)
	if err != nil {
		return nil, problems // it needs values; its roles show once a cluster is made
	}
	for _, r := range spec.Roles {
		roles = append(roles, r.Name)
	}
	return roles, problems
}

func appView(app metadata.App) api.AppView {
	return api.AppView{
		App: app.AppID, Version: app.VersionID, Digest: app.Digest, PublishedAt: app.PublishedAt, Roles: app.Roles, Yanked: app.Yanked,
		Problem: app.Problem,
	}
}
