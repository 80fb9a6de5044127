package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// launch is what all commands that start an operation have in common: their flags, and their way to Temporal.
type launch struct {
	// plan is set for the commands below `drover plan`: always a dry run.
	plan           bool
	dryRun, noWait bool
	barrierTimeout time.Duration
	// prints: the commands' output is the purpose of the operation, and is shown at its end.
	prints bool
}

// holds adds the flag that says what happens when a step fails, for operations that know no other ways than these two.
func (l *launch) holds(c *cobra.Command, in *api.Holds) {
	bindOnFailure(c, &in.OnFailure, "", "undo (the default), or hold the failed step for drover resolve",
		api.OnFailureUndo, api.OnFailureHold)
}

func bindOnFailure(c *cobra.Command, value *string, otherwise, usage string, known ...string) {
	c.Flags().StringVar(value, "on-failure", otherwise, usage)
	_ = c.RegisterFlagCompletionFunc("on-failure", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
}

// bind adds the flags. Waits is nil for operations that wait for no revision.
func (l *launch) bind(c *cobra.Command, waits *api.Waits) {
	flags := c.Flags()
	if waits != nil {
		flags.BoolVar(&waits.StrictConfig, "strict-config", false, "fail instead of warning when a template or its reload command fails")
		flags.DurationVar(&l.barrierTimeout, "barrier-timeout", 0, "timeout for a node to apply a revision (default 12m: longer than a reload_cmd may run)")
	}
	if l.plan {
		l.dryRun = true
		return
	}
	flags.BoolVar(&l.dryRun, "dry-run", false, "show the planned steps and change nothing")
	flags.BoolVar(&l.noWait, "no-wait", false, "return once the operation is started")
	c.MarkFlagsMutuallyExclusive("dry-run", "no-wait")
}

// apply writes what the flags say into the waits of an input.
func (l *launch) apply(waits *api.Waits) {
	waits.DryRun = l.dryRun
	if l.barrierTimeout != 0 {
		waits.BarrierTimeout = l.barrierTimeout.String()
	}
}

// start starts an operation on an existing cluster, unless this side can see already that its input is wrong.
func (a *app) start(ctx context.Context, l *launch, r client.Request) (output.Output, error) {
	if err := checkInput(r.ClusterID, r.Input); err != nil {
		return output.Output{}, err
	}
	r.By = a.by
	server, err := a.server(ctx)
	if err == nil {
		err = server.NeedWorker(ctx)
	}
	if err == nil {
		err = server.Preflight(ctx, r)
	}
	if err != nil {
		return output.Output{}, err
	}
	out, err := a.operate(ctx, r, l.noWait, l.dryRun)
	if l.dryRun && err == nil {
		a.addFiles(ctx, server, r, &out)
	}
	if l.prints && !l.noWait && !l.dryRun {
		a.addOutputs(ctx, server, r.ClusterID, &out, err)
	}
	return out, err
}

// checkInput validates the input before a server is contacted, and adds the problems found by the command itself. Checks
// that need the package or the cluster belong to the worker.
func checkInput(clusterID string, input any, more ...string) error {
	var problems []string
	if !api.ValidClusterID(clusterID) {
		problems = append(problems, idProblem(clusterID))
	}
	if in, ok := input.(interface{ Problems() []string }); ok {
		problems = append(problems, in.Problems()...)
	}
	return invalid("the request is invalid", append(problems, more...))
}

// invalid is nil without problems.
func invalid(what string, problems []string) error {
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return fault.New(fault.Invalid, "%s", problems[0])
	}
	f := fault.New(fault.Invalid, "%s: %d problems", what, len(problems))
	f.Problems = problems
	return f
}

// planned turns a command and what is below it into those of `drover plan`: the same words about the same request.
func planned(c *cobra.Command) {
	c.Short = "Show the steps to " + strings.ToLower(c.Short[:1]) + c.Short[1:]
	c.Long = ""
	var examples []string
	for line := range strings.SplitSeq(c.Example, "\n") {
		if !strings.Contains(line, "--dry-run") && !strings.Contains(line, "--no-wait") {
			line = strings.ReplaceAll(line, " --yes", "")
			examples = append(examples, strings.Replace(line, "drover ", "drover plan ", 1))
		}
	}
	c.Example = strings.Join(examples, "\n")
	var firsts []string
	for _, child := range c.Commands() {
		planned(child)
		first, _, _ := strings.Cut(child.Example, "\n")
		firsts = append(firsts, first)
	}
	if len(firsts) > 0 { // a group has commands here that plan does not have
		c.Example = strings.Join(firsts, "\n")
	}
}
