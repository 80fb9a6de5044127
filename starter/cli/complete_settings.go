package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drover/workflows/api"
)

// valuesOf are the values in force of the cluster that is named already; nil without an answer.
func (a *app) valuesOf(cmd *cobra.Command, args []string) *api.ClusterValues {
	var out *api.ClusterValues
	a.ask(cmd, func(ctx context.Context, server backend) (err error) {
		out, err = server.Values(ctx, args[0])
		return err
	})
	if out == nil {
		out = &api.ClusterValues{}
	}
	return out
}

// completeSettings suggests a cluster first, then one of its settings.
func (a *app) completeSettings(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeClusters(cmd, args, word)
	}
	var out []string
	if len(args) == 1 {
		for _, s := range a.valuesOf(cmd, args).Settings {
			out = append(out, cobra.CompletionWithDesc(s.Path, s.Value))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeChanges suggests a cluster first, then parameters that can be changed and are not given yet, each with "=".
func (a *app) completeChanges(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeClusters(cmd, args, word)
	}
	var out []string
	for _, s := range changeable(a.valuesOf(cmd, args).Settings) {
		path := strings.TrimPrefix(s.Path, "env.")
		given := func(arg string) bool { return strings.HasPrefix(arg, path+"=") || strings.HasPrefix(arg, s.Path+"=") }
		if !slices.ContainsFunc(args[1:], given) {
			out = append(out, cobra.CompletionWithDesc(path+"=", s.Value+"; "+s.Allowed))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeCustomServices suggests a cluster first, then the services that drover run runs.
func (a *app) completeCustomServices(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeClusters(cmd, args, word)
	}
	var out []string
	if len(args) == 1 {
		for _, s := range a.valuesOf(cmd, args).Services {
			if s.Custom && !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeAppSettings suggests the settings of the application that is named already, each with "=".
func (a *app) completeAppSettings(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) > 0 {
		version, _ := cmd.Flags().GetString("version")
		a.ask(cmd, func(ctx context.Context, server backend) error {
			app, err := server.App(ctx, args[0], version)
			if err != nil {
				return err
			}
			for _, s := range app.Settings {
				out = append(out, cobra.CompletionWithDesc(strings.TrimPrefix(s.Path, "cluster.")+"=", s.Allowed))
			}
			return nil
		})
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
