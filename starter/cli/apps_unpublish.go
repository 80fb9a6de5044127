package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) appsUnpublish() *cobra.Command {
	var (
		in  api.UnpublishAppInput
		yes bool
	)
	c := &cobra.Command{
		Use:   "unpublish APP",
		Short: "Remove a published version that nothing uses",
		Long: `Remove a published version. It is refused, with their names, while clusters have the version, are
being upgraded to or from it, or are in the recycle bin with it, and while backups need it for a
restore; drover apps yank keeps it from further clusters.`,
		Example:           "  drover apps unpublish etcd --version 3.4",
		Args:              exactly("APP"),
		ValidArgsFunction: a.completeApps,
	}
	c.Flags().StringVar(&in.Version, "version", "", "version of the application")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask for confirmation; required without a terminal")
	_ = c.MarkFlagRequired("version")
	_ = c.RegisterFlagCompletionFunc("version", a.completeVersions(anyVersion))
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		in.App = args[0]
		if err := invalid("the request is invalid", in.Problems()); err != nil {
			return output.Output{}, err
		}
		if err := a.confirm(ctx, false, yes, fmt.Sprintf("Unpublish version %s of %s?", in.Version, in.App)); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		app, err := server.Unpublish(ctx, in)
		if err != nil {
			return output.Output{}, err
		}
		return output.Output{Value: app, Blocks: []output.Block{
			output.Lines{fmt.Sprintf("Version %s of %s is not published any more.", app.Version, app.App)},
		}}, nil
	})
	return c
}
