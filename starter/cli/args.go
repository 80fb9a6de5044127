package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// exactly wants one argument per name and says which one is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s needs %s", cmd.CommandPath(), strings.Join(names[len(args):], " and "))
		case len(args) > len(names):
			name, _, assigned := strings.Cut(args[len(names)], "=")
			if assigned {
				name += "=..." // a value may be secret
			}
			return fmt.Errorf("%s: unexpected argument %q", cmd.CommandPath(), name)
		}
		return nil
	}
}

// atLeast wants one argument per name; the last may be repeated.
func atLeast(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return exactly(names...)(cmd, args)
		}
		return nil
	}
}

// on makes an action on one cluster cobra's: the first argument, where there is one, becomes the cluster's id.
func (a *app) on(do action) func(*cobra.Command, []string) error {
	return a.run(func(ctx context.Context, args []string) (output.Output, error) {
		if len(args) > 0 {
			id, err := a.clusterID(ctx, args[0])
			if err != nil {
				return output.Output{}, err
			}
			args = append([]string{id}, args[1:]...)
		}
		return do(ctx, args)
	})
}

// clusterID is the id of a cluster that is given by id or name. No server is asked about an id.
func (a *app) clusterID(ctx context.Context, word string) (string, error) {
	if api.ValidClusterID(word) {
		return word, nil
	}
	if api.LooksLikeID(word) {
		return "", clusterArg(word)
	}
	if why := api.NameProblem(word); why != "" {
		return "", fault.New(fault.Invalid, "%q is not a cluster id or name: it %s", word, why).WithHint("list the clusters with: drover list")
	}
	server, err := a.server(ctx)
	if err != nil {
		return "", err
	}
	return server.ClusterID(ctx, word)
}

// nodeIDs are the ids of nodes that are given by id, role/sid or address. No server is asked about ids.
func (a *app) nodeIDs(ctx context.Context, clusterID string, words []string) ([]string, error) {
	if !slices.ContainsFunc(words, func(w string) bool { return !api.ValidNodeID(w) }) {
		return words, nil
	}
	server, err := a.server(ctx)
	if err != nil {
		return nil, err
	}
	return server.NodeIDs(ctx, clusterID, words)
}

// clusterArg checks a cluster id.
func clusterArg(id string) error {
	if api.ValidClusterID(id) {
		return nil
	}
	return fault.New(fault.Invalid, "%s", idProblem(id)).WithHint("list the ids with: drover list")
}

func idProblem(id string) string {
	return fmt.Sprintf("%q is not a cluster id: use cl- and 8 lower-case letters or digits, like cl-a1b2c3d4", id)
}
