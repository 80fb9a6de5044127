package cli

import (
	"context"
	"runtime"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/temporal"

	"drover/starter/output"
)

// versions is what `drover version -o json` prints.
type versions struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	SDK     string `json:"temporal_sdk"`
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show the version of drover, Go and the Temporal SDK",
		Example: "  drover version",
		Args:    exactly(),
		RunE: a.run(func(context.Context, []string) (output.Output, error) {
			v := versions{Version: a.Version, Go: runtime.Version(), SDK: temporal.SDKVersion}
			return output.Output{Value: v, Blocks: []output.Block{
				output.Fields{{"drover", v.Version}, {"go", v.Go}, {"temporal sdk", v.SDK}},
			}}, nil
		}),
	}
}
