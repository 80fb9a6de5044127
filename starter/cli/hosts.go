package cli

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) hosts() *cobra.Command {
	return group(&cobra.Command{
		Use:     "hosts",
		Short:   "List and test the machines of the host inventory",
		Example: "  drover hosts list\n  drover hosts check --inventory hosts.yaml",
	}, a.hostsList(), a.hostsCheck())
}

func (a *app) hostsList() *cobra.Command {
	var in api.ListHostsInput
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the machines and the clusters that use them",
		Example: "  drover hosts list -o json",
		Args:    exactly(),
	}
	c.Flags().StringVar(&in.Provider, "provider", "", "only the machines of this provider (default: all)")
	_ = c.RegisterFlagCompletionFunc("provider", a.completeProviders)
	c.RunE = a.run(func(ctx context.Context, _ []string) (output.Output, error) {
		list, err := a.askHosts(ctx, in)
		if err != nil {
			return output.Output{}, err
		}
		t := output.Table{
			Header: []string{"host", "address", "user", "roles", "state", "cluster", "node", "instance"},
			Empty:  "The host inventory is empty: see docs/providers.md",
		}
		for _, h := range list.Hosts {
			t.Rows = append(t.Rows, []string{h.Name, h.Address, h.User, strings.Join(h.Roles, ", "), h.State, h.ClusterID, h.NodeID, h.InstanceID})
		}
		return output.Output{Value: listOf(list.Hosts), Blocks: []output.Block{t}}, nil
	})
	return c
}

func (a *app) hostsCheck() *cobra.Command {
	in := api.ListHostsInput{Check: true}
	var file string
	c := &cobra.Command{
		Use:   "check",
		Short: "Test reachability, host key, rights, disk, ports, clock and tools of every machine",
		Long: `Test the machines of the worker's inventory, or of another one, in parallel and from the worker:
key files are read on the worker. Nothing is changed on any machine. The exit code is 1 when a
test failed.`,
		Example: "  drover hosts check\n  drover hosts check --inventory hosts.yaml -o json",
		Args:    exactly(),
	}
	c.Flags().StringVar(&file, "inventory", "", "inventory to test instead of the worker's")
	c.Flags().StringVar(&in.Provider, "provider", "", "only the machines of this provider (default: all)")
	_ = c.RegisterFlagCompletionFunc("provider", a.completeProviders)
	c.RunE = a.run(func(ctx context.Context, _ []string) (output.Output, error) {
		if file != "" {
			text, err := os.ReadFile(file)
			if err != nil {
				return output.Output{}, fault.Wrap(err, fault.Invalid, "cannot read the inventory")
			}
			in.Inventory, in.InventoryFile = string(text), file
		}
		list, err := a.askHosts(ctx, in)
		if err != nil {
			return output.Output{}, err
		}
		return checked(list)
	})
	return c
}

func (a *app) askHosts(ctx context.Context, in api.ListHostsInput) (*api.HostList, error) {
	server, err := a.server(ctx)
	if err != nil {
		return nil, err
	}
	return server.Hosts(ctx, in)
}

// checked shows every test, and what to do about those that failed.
func checked(list *api.HostList) (output.Output, error) {
	t := output.Table{Header: []string{"host", "test", "result", "detail", "what to do"}, Empty: "No machines to test."}
	var failed error
	for _, h := range list.Hosts {
		for _, c := range h.Checks {
			result := "pass"
			if !c.OK {
				result, failed = "FAIL", quiet{exitFailed}
			}
			t.Rows = append(t.Rows, []string{h.Name, c.Name, result, c.Detail, c.Hint})
		}
	}
	return output.Output{Value: listOf(list.Hosts), Blocks: []output.Block{t}}, failed
}
