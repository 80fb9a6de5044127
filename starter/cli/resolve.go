package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// killWait is how long the end of killed commands may take: TERM, KILL 10 s later, and nodes that do not answer.
const killWait = 90 * time.Second

// resolveValue is what `drover resolve -o json` prints.
type resolveValue struct {
	ClusterID string `json:"cluster_id"`
	Operation string `json:"operation"`
	RunID     string `json:"run_id"`
	api.Resolved
}

func (a *app) resolve() *cobra.Command {
	var (
		r                  api.Resolution
		retry, skip, abort bool
		kill, yes          bool
		nodes              []string
	)
	c := &cobra.Command{
		Use:   "resolve CLUSTER",
		Short: "Resolve a failed step that is held: retry it, skip it, or abort the operation; or kill its commands",
		Long: `Resolve a failed step that is held. Steps are held by --on-failure hold, and always when the
result of a command is unknown or its node does not answer: inspect the node in that case. An undo
that waits for a node is resolved too: --retry asks the node again, --skip takes it for gone.

  --retry  retries the step; a command runs again only on the nodes where it did not succeed
  --skip   continues as if the step had succeeded; the reason is recorded. Not every step can be
           skipped: drover plan marks those that can, and a refusal gives the reason
  --abort  accepts the failure: the operation ends as it does without a hold
  --kill   ends the commands of the step that runs now, or may still run while the step is held, each
           with its process group (TERM, and KILL 10 s later), on all nodes or those of --node. The
           step fails by that and is held, unless the operation is forced past failures; the kill is
           recorded with who did it

Before a skip or a kill drover asks for confirmation, unless --yes is given; without a terminal --yes
is required. drover status shows the held step and the effect of each choice. The command is refused (exit
code 3) when no step is held, or when the held step is not the one given with --step.`,
		Example: `  drover resolve cl-a1b2c3d4 --retry
  drover resolve cl-a1b2c3d4 --skip --reason "started it by hand" --yes
  drover resolve cl-a1b2c3d4 --abort --step CC4
  drover resolve cl-a1b2c3d4 --kill --node etcd_node/2 --reason "waits for a lock" --yes`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	flags := c.Flags()
	flags.BoolVar(&retry, "retry", false, "retry the step where it did not succeed")
	flags.BoolVar(&skip, "skip", false, "continue as if the step had succeeded; needs --reason")
	flags.BoolVar(&abort, "abort", false, "accept the failure and undo")
	flags.BoolVar(&kill, "kill", false, "end the commands of the step that runs, or may still run")
	flags.StringArrayVar(&nodes, "node", nil, "with --kill: only on this `node`: an id, role/sid or an address; may be repeated")
	_ = c.RegisterFlagCompletionFunc("node", a.completeNodes)
	flags.StringVar(&r.Reason, "reason", "", "reason, recorded with the operation")
	flags.StringVar(&r.Step, "step", "", "refuse unless this `step` is the held one (CC4)")
	flags.BoolVarP(&yes, "yes", "y", false, "with --skip and --kill: do not ask for confirmation; required without a terminal")
	c.MarkFlagsMutuallyExclusive("retry", "skip", "abort", "kill")
	c.MarkFlagsOneRequired("retry", "skip", "abort", "kill")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		switch {
		case retry:
			r.Action = api.ResolveRetry
		case skip:
			r.Action = api.ResolveSkip
		case abort:
			r.Action = api.ResolveAbort
		case kill:
			r.Action = api.ResolveKill
		}
		r.By = a.by
		if len(nodes) > 0 && !kill {
			return output.Output{}, fault.New(fault.Invalid, "--node: only with --kill")
		}
		if err := checkInput(args[0], r); err != nil {
			return output.Output{}, err
		}
		question := "Take the failed step of " + args[0] + " for done, and continue?"
		if kill {
			question = "Kill the running commands of " + args[0] + "?"
		}
		if err := a.confirm(ctx, !skip && !kill, yes, question); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		if r.Nodes, err = a.nodeIDs(ctx, args[0], nodes); err != nil {
			return output.Output{}, err
		}
		if kill && !a.timeoutGiven {
			server.Limit(killWait)
		}
		op, answer, err := server.Resolve(ctx, args[0], r)
		if err != nil {
			return output.Output{}, err
		}
		return resolved(op, answer), nil
	})
	return c
}

func resolved(op *client.Operation, answer *api.Resolved) output.Output {
	value := resolveValue{ClusterID: op.ClusterID, Operation: op.Type, RunID: op.RunID, Resolved: *answer}
	return output.Output{Value: value, Blocks: []output.Block{output.Lines{
		fmt.Sprintf("%s %s, step %s %s: %s", op.Type, op.ClusterID, answer.Step, answer.Words, answer.Action),
		"next: " + answer.Next,
		"Follow it with: drover watch " + op.ClusterID,
	}}}
}

// user is the name of the current user, from the environment.
func user(env environment) string {
	name, ok := env.LookupEnv("USER")
	if !ok {
		if name, ok = env.LookupEnv("LOGNAME"); !ok {
			name = "unknown user"
		}
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}
