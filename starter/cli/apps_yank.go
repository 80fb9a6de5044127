package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) appsYank() *cobra.Command {
	var in api.YankAppInput
	c := &cobra.Command{
		Use:   "yank APP",
		Short: "Stop giving a version to clusters that do not have it",
		Long: `Stop giving a version to clusters that do not have it: create and upgrade refuse it, and it is not
the version of a create that names none. Clusters that have it keep it, with all operations;
downgrades and restores of backups to it stay possible. --undo offers the version again.`,
		Example:           "  drover apps yank etcd --version 3.6.0\n  drover apps yank etcd --version 3.6.0 --undo",
		Args:              exactly("APP"),
		ValidArgsFunction: a.completeApps,
	}
	c.Flags().StringVar(&in.Version, "version", "", "version of the application")
	c.Flags().BoolVar(&in.Undo, "undo", false, "offer the version again")
	_ = c.MarkFlagRequired("version")
	_ = c.RegisterFlagCompletionFunc("version", a.completeVersions(func(v api.AppView) bool { return (v.Yanked != "") == in.Undo }))
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		in.App = args[0]
		if err := invalid("the request is invalid", in.Problems()); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		app, err := server.Yank(ctx, in)
		if err != nil {
			return output.Output{}, err
		}
		return output.Output{Value: app, Blocks: []output.Block{versionFields(app)}}, nil
	})
	return c
}

// versionFields are what a change of a version shows of it.
func versionFields(app *api.AppView) output.Fields {
	fields := output.Fields{{"app", app.App}, {"version", app.Version}, {"digest", app.Digest}, {"roles", roles(app.Roles)}}
	if app.Yanked != "" {
		fields = append(fields, output.Field{"yanked", app.Yanked})
	}
	return fields
}

// offered leaves out versions that no further cluster gets.
func offered(v api.AppView) bool { return v.Yanked == "" }

func anyVersion(api.AppView) bool { return true }
