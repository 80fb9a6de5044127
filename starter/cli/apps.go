package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/specs"
	"drover/starter/output"
	"drover/workflows/api"
)

// maxArchive is what PublishApp takes; the archive travels in the workflow's input.
const maxArchive = 384 << 10

func (a *app) apps() *cobra.Command {
	return group(&cobra.Command{
		Use:     "apps",
		Aliases: []string{"app"},
		Short:   "Publish, list, show, yank and unpublish application packages",
		Example: "  drover apps publish ./etcd --app etcd --version 3.5\n  drover apps list",
	}, a.appsPublish(), a.appsList(), a.appsShow(), a.appsYank(), a.appsUnpublish())
}

func (a *app) appsPublish() *cobra.Command {
	var in api.PublishAppInput
	c := &cobra.Command{
		Use:   "publish PACKAGE",
		Short: "Check a package and make it available under an app id and version",
		Long: `Check a package and make it available under an app id and version. A package with lint errors
is refused; warnings are shown. Other content under a published version is refused too; --replace
allows it while no cluster has the version and no backup needs it.

A create that names no version takes the highest version, by semantic versioning, that is neither a
prerelease nor yanked; where there is none, the version that was published last and is not yanked.`,
		Example: "  drover apps publish ./etcd --app etcd --version 3.5",
		Args:    exactly("PACKAGE"),
	}
	c.Flags().StringVar(&in.App, "app", "", "application id")
	c.Flags().StringVar(&in.Version, "version", "", "version of the application")
	c.Flags().BoolVar(&in.Replace, "replace", false, "give a published version other content; refused while a cluster or a backup uses it")
	_ = c.MarkFlagRequired("app")
	_ = c.MarkFlagRequired("version")
	_ = c.RegisterFlagCompletionFunc("app", a.completeApps)
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		var err error
		if err := invalid("the request is invalid", in.NameProblems()); err != nil {
			return output.Output{}, err
		}
		if in.Archive, err = a.pack(ctx, args[0]); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		app, err := server.Publish(ctx, in)
		if err != nil {
			return output.Output{}, err
		}
		return output.Output{Value: app, Blocks: []output.Block{versionFields(app)}}, nil
	})
	return c
}

// pack lints a package and makes its archive.
func (a *app) pack(ctx context.Context, path string) ([]byte, error) {
	p, err := openPackage(path)
	if err != nil {
		return nil, err
	}
	found := specs.Lint(ctx, p)
	for _, line := range diagnosticLines(found.Warnings()) {
		a.printer.Say("%s", line)
	}
	if errs := found.Errors(); len(errs) > 0 {
		return nil, unpublishable(path, "published", errs)
	}
	archive, err := p.Archive()
	if err != nil {
		return nil, err
	}
	if len(archive) > maxArchive {
		return nil, fault.New(fault.Invalid, "package %s is too large: %d KiB packed, at most %d KiB can be published",
			path, len(archive)>>10, maxArchive>>10)
	}
	return archive, nil
}

// unpublishable names the errors of a package.
func unpublishable(path, what string, errs specs.Diagnostics) error {
	f := fault.New(fault.Invalid, "package %s is not %s: %s", path, what, count(len(errs), "error")).
		WithHint("list errors and warnings with: drover lint %s", path)
	for _, d := range errs {
		f.Problems = append(f.Problems, d.String())
	}
	return f
}

func (a *app) appsList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the published applications, newest version first",
		Example: "  drover apps list -o json",
		Args:    exactly(),
		RunE: a.run(func(ctx context.Context, _ []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			list, err := server.Apps(ctx)
			if err != nil {
				return output.Output{}, err
			}
			t := output.Table{
				Header: []string{"app", "version", "roles", "published"},
				Empty:  "No applications. Publish one with: drover apps publish PACKAGE --app APP --version VERSION",
			}
			var damaged output.Lines
			for _, app := range list.Apps {
				if app.Problem != "" {
					damaged = append(damaged, app.Problem)
				}
				version := app.Version
				if app.Yanked != "" {
					version += " (yanked)"
				}
				t.Rows = append(t.Rows, []string{app.App, version, roles(app.Roles), app.PublishedAt})
			}
			return output.Output{Value: listOf(list.Apps), Blocks: withRemarks([]output.Block{t}, damaged)}, nil
		}),
	}
}

func roles(names []string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = name
		if name == "" {
			shown[i] = "(one role without name)"
		}
	}
	return strings.Join(shown, ", ")
}
