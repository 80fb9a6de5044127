package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"drover/fault"
	"drover/metadata/store"
	"drover/specs"
	"drover/workflows/api"
)

// Applications publishes and reads application packages.
type Applications struct{ Dependencies }

// PublishApp checks a package and stores it. The same content again is a no-op; other content under a published
// version is refused: clusters refer to versions.
func (a *Applications) PublishApp(ctx context.Context, in api.PublishAppInput) (api.AppView, error) {
	pkg, err := specs.FromArchive(in.App+"-"+in.Version+".tar.gz", bytes.NewReader(in.Archive))
	if err != nil {
		return api.AppView{}, fault.Wrap(err, fault.Invalid, "the package cannot be read")
	}
	roles, problems := lintRoles(pkg)
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "%s %s has %d errors: %s", in.App, in.Version, len(problems), strings.Join(problems, "; "))
		f.Problems = problems
		return api.AppView{}, f.WithHint("drover lint PACKAGE shows them with file and line")
	}
	sum := sha256.Sum256(in.Archive)
	app := store.App{
		AppID: in.App, VersionID: in.Version, Archive: in.Archive, Digest: hex.EncodeToString(sum[:]), Roles: roles,
		PublishedAt: a.Now().UTC().Format(time.RFC3339Nano),
	}
	if err := a.Apps.PutApp(ctx, app); err != nil {
		return api.AppView{}, err
	}
	stored, err := a.Apps.App(ctx, in.App, in.Version)
	if err != nil {
		return api.AppView{}, err
	}
	return appView(*stored), nil
}

// ListApps lists every published version, newest first within an application.
func (a *Applications) ListApps(ctx context.Context) (api.AppList, error) {
	apps, err := a.Apps.Apps(ctx)
	if err != nil {
		return api.AppList{}, err
	}
	newestFirst(apps)
	list := api.AppList{Apps: []api.AppView{}}
	for _, app := range apps {
		list.Apps = append(list.Apps, appView(app))
	}
	return list, nil
}

// lintRoles names the package's roles as its defaults make them, and every error that would keep it from running.
func lintRoles(pkg *specs.Package) (roles, problems []string) {
	for _, d := range specs.Lint(pkg).Errors() {
		problems = append(problems, d.String())
	}
	spec, _, err := pkg.Render(nil)
	if err != nil {
		return nil, problems // it needs values; its roles show once a cluster is made
	}
	for _, r := range spec.Roles {
		roles = append(roles, r.Name)
	}
	return roles, problems
}

func newestFirst(apps []store.App) {
	slices.SortFunc(apps, func(x, y store.App) int {
		if c := strings.Compare(x.AppID, y.AppID); c != 0 {
			return c
		}
		return strings.Compare(y.PublishedAt, x.PublishedAt)
	})
}

func appView(app store.App) api.AppView {
	return api.AppView{
		App: app.AppID, Version: app.VersionID, Digest: app.Digest, PublishedAt: app.PublishedAt, Roles: app.Roles,
	}
}

// newestVersion is the version of the application that was published last.
func newestVersion(ctx context.Context, apps AppStore, appID string) (string, error) {
	all, err := apps.Apps(ctx)
	if err != nil {
		return "", err
	}
	newestFirst(all)
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

// openApp reads a published package.
func openApp(ctx context.Context, apps AppStore, appID, version string) (*specs.Package, error) {
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
