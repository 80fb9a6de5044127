package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/workflows/api"
)

// completionTime is how long a pressed Tab may take; without an answer there are no suggestions.
const completionTime = 2 * time.Second

// ask runs a question for completion. Errors are swallowed: a shell has no place for them.
func (a *app) ask(cmd *cobra.Command, question func(context.Context, backend) error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	if a.target.ConnectTimeout > completionTime {
		a.target.ConnectTimeout = completionTime
	}
	if server, err := a.server(ctx); err == nil {
		_ = question(ctx, server)
	}
}

func (a *app) completeClusters(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) == 0 {
		a.ask(cmd, func(ctx context.Context, server backend) error {
			list, err := server.Clusters(ctx, api.ListClustersInput{Prefix: begun, Limit: 100})
			if err != nil {
				return err
			}
			for _, c := range list.Clusters {
				out = append(out, cobra.CompletionWithDesc(c.ClusterID, c.App+" "+c.Name+", "+c.State))
				if c.Name != "" {
					out = append(out, cobra.CompletionWithDesc(c.Name, c.App+" "+c.ClusterID+", "+c.State))
				}
			}
			return nil
		})
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeApps(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) == 0 {
		out = a.published(cmd, func(v api.AppView) string { return v.App })
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeVersions suggests those versions of the application that is named already that are wanted.
func (a *app) completeVersions(wanted func(api.AppView) bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		out := a.published(cmd, func(v api.AppView) string {
			if len(args) > 0 && args[0] != v.App || !wanted(v) {
				return ""
			}
			return v.Version
		})
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) completeProviders(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	a.ask(cmd, func(ctx context.Context, server backend) error {
		list, err := server.Providers(ctx)
		if err != nil {
			return err
		}
		for _, p := range list.Providers {
			out = append(out, p.Name)
		}
		return nil
	})
	return out, cobra.ShellCompDirectiveNoFileComp
}

// published picks words from the published versions, each once, in the order of the list.
func (a *app) published(cmd *cobra.Command, pick func(api.AppView) string) []string {
	var out []string
	a.ask(cmd, func(ctx context.Context, server backend) error {
		list, err := server.Apps(ctx)
		if err != nil {
			return err
		}
		for _, app := range list.Apps {
			if word := pick(app); word != "" && !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
		return nil
	})
	return out
}

// completeRoles suggests the roles of the cluster that is named already.
func (a *app) completeRoles(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) > 0 {
		a.ask(cmd, func(ctx context.Context, server backend) (err error) {
			out, err = rolesOf(ctx, server, args[0])
			return err
		})
	}
	return slices.DeleteFunc(out, func(role string) bool { return role == "" }), cobra.ShellCompDirectiveNoFileComp
}

// completeMasters leaves out the roles of replicas, which grow and shrink with their masters.
func (a *app) completeMasters(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	out, directive := a.completeRoles(cmd, args, word)
	return slices.DeleteFunc(out, isReplica), directive
}

// completeNodes suggests the nodes of the cluster that is named already.
func (a *app) completeNodes(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) > 0 {
		a.ask(cmd, func(ctx context.Context, server backend) error {
			cluster, err := clusterFor(ctx, server, args[0])
			if err != nil {
				return err
			}
			for _, n := range cluster.Nodes {
				if !slices.Contains(args, n.NodeID) && !slices.Contains(args, n.Label()) {
					out = append(out, cobra.CompletionWithDesc(n.NodeID, strings.TrimSpace(n.Label()+" "+n.IP)),
						cobra.CompletionWithDesc(n.Label(), strings.TrimSpace(n.NodeID+" "+n.IP)))
				}
			}
			return nil
		})
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeNodeArgs suggests a cluster first, then its nodes.
func (a *app) completeNodeArgs(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeClusters(cmd, args, word)
	}
	return a.completeNodes(cmd, args, word)
}

// completeUpgrades suggests the other published versions of the cluster's application.
func (a *app) completeUpgrades(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) > 0 {
		a.ask(cmd, func(ctx context.Context, server backend) error {
			cluster, err := clusterFor(ctx, server, args[0])
			if err != nil {
				return err
			}
			list, err := server.Apps(ctx)
			if err != nil {
				return err
			}
			for _, app := range list.Apps {
				if app.App == cluster.App && app.Version != cluster.Version && offered(app) {
					out = append(out, app.Version)
				}
			}
			return nil
		})
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// clusterFor is the cluster that an argument names by id or name.
func clusterFor(ctx context.Context, server backend, word string) (*api.ClusterView, error) {
	id, err := server.ClusterID(ctx, word)
	if err != nil {
		return nil, err
	}
	return server.Cluster(ctx, id)
}
