package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) scale(plan bool) *cobra.Command {
	var (
		in api.ScaleVerticalInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "scale CLUSTER",
		Short: "Change cores, memory or volume size of the nodes of a role",
		Long: `Change cores, memory or volume size of the nodes of a role and its replicas. Omitted values
are kept. Volumes only grow; when nothing else changes, they grow while the nodes run.`,
		Example: `  drover scale cl-a1b2c3d4 --role etcd_node --cpu 2 --memory 4096
  drover scale cl-a1b2c3d4 --volume-size 20 --dry-run`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	flags := c.Flags()
	flags.IntVar(&in.CPU, "cpu", 0, "cores of each node")
	flags.IntVar(&in.Memory, "memory", 0, "memory of each node in MiB")
	flags.IntVar(&in.VolumeSize, "volume-size", 0, "volume of each node in GiB")
	c.MarkFlagsOneRequired("cpu", "memory", "volume-size")
	a.bindRole(c, &in.Role)
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		id := args[0]
		l.apply(&in.Waits)
		var problems, changes []string
		for _, f := range []struct {
			flag, words string
			value       int
		}{{"cpu", "%d cores", in.CPU}, {"memory", "%d MiB memory", in.Memory}, {"volume-size", "%d GiB volume", in.VolumeSize}} {
			switch {
			case flags.Changed(f.flag) && f.value == 0:
				problems = append(problems, fmt.Sprintf("--%s %d: must be positive", f.flag, f.value))
			case f.value > 0:
				changes = append(changes, fmt.Sprintf(f.words, f.value))
			}
		}
		if err := checkInput(id, in, problems...); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.ScaleVertical,
			ClusterID: id,
			Summary:   fmt.Sprintf("scale %s of %s to %s", nodesOf(in.Role), id, strings.Join(changes, ", ")),
			Input:     in,
		})
	})
	return c
}
