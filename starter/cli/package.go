package cli

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/specs"
	"drover/starter/output"
	"drover/starter/scaffold"
)

func (a *app) pkg() *cobra.Command {
	return group(&cobra.Command{
		Use:     "package",
		Aliases: []string{"pkg"},
		Short:   "Write and check your own application packages",
		Example: "  drover package new my-app\n  drover package test my-app\n  drover package schema config > config.schema.json",
	}, a.packageNew(), a.packageTest(), a.packageSchema())
}

// scaffolded is what `drover package new -o json` prints.
type scaffolded struct {
	Folder string   `json:"folder"`
	Files  []string `json:"files"`
}

func (a *app) packageNew() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new package that lints and runs",
		Long: `Write a new package that lints and runs: one role whose service is a loop in shell, configuration
templates, a health check, a monitor, a custom service and a check. Put your application in its place.`,
		Example: "  drover package new my-app\n  drover package new my-app --dir packages/my-app",
		Args:    exactly("NAME"),
	}
	c.Flags().StringVar(&dir, "dir", "", "`folder` to write (default: NAME)")
	c.RunE = a.run(func(_ context.Context, args []string) (output.Output, error) {
		where := dir
		if where == "" {
			where = args[0]
		}
		written, err := scaffold.Write(where, args[0])
		if err != nil {
			return output.Output{}, err
		}
		var lines output.Lines
		for _, name := range written {
			lines = append(lines, filepath.Join(where, name))
		}
		next := output.Lines{
			"Next:",
			"  drover lint " + filepath.Join(where, "package") + " --images " + filepath.Join(where, "images"),
			"  drover package test " + where,
		}
		return output.Output{Value: scaffolded{Folder: where, Files: written}, Blocks: []output.Block{lines, next}}, nil
	})
	return c
}

func (a *app) packageSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema config|cluster",
		Short: "Print the JSON schema of config.json or of a rendered cluster.json, for editors",
		Long: `Print the JSON schema of config.json, or of cluster.json as drover render prints it, for editors and other
programs. drover lint knows more than a schema can say.`,
		Example:   "  drover package schema config > config.schema.json",
		Args:      exactly("config|cluster"),
		ValidArgs: []string{"config", "cluster"},
		RunE: a.run(func(_ context.Context, args []string) (output.Output, error) {
			var text []byte
			switch args[0] {
			case "config":
				text = specs.Schema("config.json", specs.ConfigVocabulary())
			case "cluster":
				text = specs.Schema("cluster.json", specs.ClusterVocabulary())
			default:
				return output.Output{}, fault.New(fault.Invalid, "unknown schema %q", args[0]).WithHint("use config or cluster")
			}
			return output.Output{Value: json.RawMessage(text), Blocks: []output.Block{output.Lines{string(text)}}}, nil
		}),
	}
}
