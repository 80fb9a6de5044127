package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) envGroup(plan bool) *cobra.Command {
	commands := []*cobra.Command{a.envSet(plan)}
	if !plan {
		commands = append(commands, a.envGet())
	}
	return group(&cobra.Command{
		Use:     "env",
		Short:   "Change parameters of a cluster's application",
		Example: "  drover env set cl-a1b2c3d4 quota=4",
	}, commands...)
}

func (a *app) envSet(plan bool) *cobra.Command {
	var (
		in     api.UpdateEnvInput
		values = valueFlags{words: envWords, complete: belowEnv}
		l      = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "set CLUSTER PATH=VALUE...",
		Short: "Change parameters of a cluster's application",
		Long: `Change parameters of a cluster's application: those below env in the package's config.json that
are marked changeable. The nodes render them and run the reload commands of the package.

Values on the command line are visible to other users of this machine; use --values to read
secrets from a file or standard input.`,
		Example: `  drover env set cl-a1b2c3d4 quota=4 log.level=debug
  drover env set cl-a1b2c3d4 --values values.yaml --dry-run`,
		Args:              atLeast("CLUSTER"),
		ValidArgsFunction: a.completeChanges,
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		var unknown *pflag.NotExistError // its text repeats the value
		if !errors.As(err, &unknown) {
			return err
		}
		return errors.New("unknown flag; a parameter whose name begins with a dash is written with env. in front, as env.-p=1")
	})
	c.Flags().StringVar(&values.file, "values", "", "values from a JSON or YAML `file`, nested or by path; - is standard input")
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		values.set = args[1:]
		var err error
		if in.Values, err = values.read(a.Stdin); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.UpdateEnv,
			ClusterID: args[0],
			Summary:   fmt.Sprintf("change %s of %s", strings.Join(slices.Sorted(maps.Keys(in.Values)), ", "), args[0]),
			Input:     in,
		})
	})
	return c
}

// belowEnv completes a path: nothing else can be changed, so `env.` may be left out.
func belowEnv(path string) string {
	if path == "env" || strings.HasPrefix(path, "env.") {
		return path
	}
	return "env." + path
}
