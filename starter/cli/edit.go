package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) rename() *cobra.Command {
	return &cobra.Command{
		Use:   "rename CLUSTER NAME",
		Short: "Give a cluster another name",
		Long: `Give a cluster another name: 1 to 63 characters, unique among all clusters. The id stays, and no node
is touched. Every command takes the name in place of the id.`,
		Example:           "  drover rename cl-a1b2c3d4 orders\n  drover rename orders orders-old",
		Args:              exactly("CLUSTER", "NAME"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			in := api.EditClusterInput{ClusterID: args[0], Name: args[1]}
			if in.Name == "" {
				return output.Output{}, invalid("", []string{"name: required"})
			}
			return a.edit(ctx, in, fmt.Sprintf("rename %s to %q", in.ClusterID, in.Name))
		}),
	}
}

func (a *app) label() *cobra.Command {
	return &cobra.Command{
		Use:   "label CLUSTER KEY=VALUE|KEY-...",
		Short: "Set and remove labels of a cluster",
		Long: `Set labels of a cluster with key=value and remove them with key-. Labels are for people and filters:
drover list --label key=value. No node sees them.`,
		Example:           "  drover label orders team=payments tier=gold\n  drover label orders tier-",
		Args:              atLeast("CLUSTER", "KEY=VALUE or KEY-"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			in := api.EditClusterInput{ClusterID: args[0]}
			var set []string
			for _, word := range args[1:] {
				if key, removed := strings.CutSuffix(word, "-"); removed && !strings.Contains(word, "=") {
					in.RemoveLabels = append(in.RemoveLabels, key)
				} else {
					set = append(set, word)
				}
			}
			var err error
			if in.Labels, err = labelsOf(set); err != nil {
				return output.Output{}, err
			}
			return a.edit(ctx, in, "label "+in.ClusterID)
		}),
	}
}

func (a *app) protect() *cobra.Command {
	return a.protection("protect", true, "Protect a cluster against deletion", `Protect a cluster: drover delete is refused, with --force too, and so is drover delete-nodes --force,
until drover unprotect. drover list and drover status show the protection.`)
}

func (a *app) unprotect() *cobra.Command {
	return a.protection("unprotect", false, "Remove the protection of a cluster", "")
}

func (a *app) protection(verb string, protected bool, short, long string) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " CLUSTER",
		Short:             short,
		Long:              long,
		Example:           "  drover " + verb + " orders",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			return a.edit(ctx, api.EditClusterInput{ClusterID: args[0], Protected: &protected}, verb+" "+args[0])
		}),
	}
}

func (a *app) keep() *cobra.Command {
	const byDefault = "default"
	return &cobra.Command{
		Use:   "keep CLUSTER DURATION|default",
		Short: "Set how long a cluster stays in the recycle bin when it is deleted",
		Long: `Set how long a cluster stays in the recycle bin when it is deleted: a duration such as 2h, 0 for not
at all, or default for the worker's. drover delete --keep takes precedence.`,
		Example:           "  drover keep orders 24h\n  drover keep orders default",
		Args:              exactly("CLUSTER", "DURATION or default"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			in := api.EditClusterInput{ClusterID: args[0], Keep: &args[1]}
			switch args[1] {
			case "":
				return output.Output{}, invalid("", []string{"duration: required"})
			case byDefault:
				in.Keep = new(string)
			}
			return a.edit(ctx, in, "keep "+in.ClusterID+" for "+args[1])
		}),
	}
}

// edit changes the details of a cluster and shows them.
func (a *app) edit(ctx context.Context, in api.EditClusterInput, summary string) (output.Output, error) {
	if err := invalid("the request is invalid", in.Problems()); err != nil {
		return output.Output{}, err
	}
	server, err := a.server(ctx)
	if err != nil {
		return output.Output{}, err
	}
	d, err := server.Edit(ctx, in, summary+" by "+a.by)
	if err != nil {
		return output.Output{}, err
	}
	protected := "no"
	if d.Protected {
		protected = "yes"
	}
	return output.Output{Value: d, Blocks: []output.Block{output.Fields{
		{"cluster", d.ClusterID}, {"name", d.Name}, {"labels", strings.Join(labelWords(d.Labels), "\n")}, {"protected", protected},
		{"keep", d.Keep},
		{"maintenance", d.Maintenance}, {"heal", d.Heal},
	}}}, nil
}

func bindLabels(flags *pflag.FlagSet, labels *[]string) {
	flags.StringArrayVar(labels, "label", nil, "a label, `key=value`; may be repeated")
}

// labelsOf reads key=value words.
func labelsOf(words []string) (map[string]string, error) {
	var labels map[string]string
	var problems []string
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			problems = append(problems, fmt.Sprintf("label %q is not of the form key=value", word))
			continue
		}
		if labels == nil {
			labels = map[string]string{}
		}
		if _, twice := labels[key]; twice {
			problems = append(problems, fmt.Sprintf("duplicate label %q", key))
		}
		labels[key] = value
	}
	return labels, invalid("the request is invalid", problems)
}

func labelWords(labels map[string]string) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, key+"="+labels[key])
	}
	return out
}
