package agents

import (
	"context"
	"fmt"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"drover/activities/internal/attempt"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ids"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/workflows/api"
)

// ExecInput is an operator's command, and the run that it belongs to.
type ExecInput struct {
	api.ExecCommandInput
	RunID string `json:"run_id"`
}

// Stage is how the journal of the node and EndCommands know it: no operation has the number 0.
func (in ExecInput) Stage() StageInput {
	return StageInput{ClusterID: in.ClusterID, RunID: in.RunID, Step: ids.ExecStep, Service: path.Base(in.Command[0]), Nodes: []string{in.Node}}
}

// answersWithin is how long a node may be silent before an operator's command is given up that has not begun.
const answersWithin = 20 * time.Second

// ExecCommand runs an operator's command once on one node, and returns its end. Every attempt finds the same command in the node's
// journal. A refusal means that nothing was run.
func (a *Activities) ExecCommand(ctx context.Context, in ExecInput) (api.Executed, error) {
	rec, n, err := a.execNode(ctx, in)
	if err != nil {
		return api.Executed{}, err
	}
	working, stop := attempt.UntilStopping(ctx)
	defer stop()
	id := CommandID(in.Stage(), n.ID)
	watched := &execWatch{power: a.machinesOf(rec), node: n, since: time.Now()}
	watched.mayRun.Store(activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt > 1)
	results := fanout.Run(working, []lifecycle.Node{n}, 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (agentapi.CommandStatus, error) {
		progress.Command(id)
		return a.Agents.Run(ctx, n, id, in.launched(rec, n), agentapi.Watch{MayBegin: watched.mayBegin(a.Attempt.MayBegin(progress)), Silent: watched.silent})
	})
	if working.Err() != nil {
		if attempt.Canceled(ctx) {
			if a.cancelAll(ctx, rec, results, func(string) string { return id }) {
				return api.Executed{}, temporal.NewCanceledError(CommandsEnded)
			}
			return api.Executed{}, ctx.Err()
		}
		return api.Executed{}, fault.Wrap(context.Cause(working), fault.Unreachable, "the command continues on its node")
	}
	if err := results[0].Err; err != nil {
		f := fault.Wrap(err, fault.Internal, "%s on node %s (%s)", in.Stage().Service, n.Label(), n.ID).At(rec.ClusterID, n.ID, "")
		f.Retryable = false
		f.Message, f.Output = lifecycle.Redact(f.Message, rec.Secrets(&n)), lifecycle.RedactCut(f.Output, rec.Secrets(&n))
		return api.Executed{}, f
	}
	return a.executed(working, rec, n, in, results[0].Value)
}

// execNode finds a node whose agent can be asked.
func (a *Activities) execNode(ctx context.Context, in ExecInput) (*lifecycle.Record, lifecycle.Node, error) {
	ctx, stop := context.WithTimeout(ctx, readWithin)
	defer stop()
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return nil, lifecycle.Node{}, err
	}
	n, ok := rec.Node(in.Node)
	if !ok {
		return nil, lifecycle.Node{}, fault.New(fault.NotFound, "cluster %s has no node %s", rec.ClusterID, in.Node).At(rec.ClusterID, in.Node, "").
			WithHint("list the nodes with: drover nodes %s", rec.ClusterID)
	}
	refuse := func(why, hint string) error {
		return fault.New(fault.NotAllowed, "node %s (%s) %s", n.Label(), n.ID, why).At(rec.ClusterID, n.ID, "").WithHint("%s", hint)
	}
	role, known := rec.On(*n).Spec.Role(n.Role)
	switch {
	case known && !role.AgentInstalled:
		err = refuse("has no agent: its role has agent_installed: false", "log in with: drover ssh "+rec.ClusterID+" "+n.ID)
	case rec.PoweredOff:
		err = refuse("is off", "start the cluster, which is "+string(rec.State)+", first")
	case n.SSH.Addr == "" || n.AgentOn != n.InstanceID:
		err = refuse("has no agent yet", "wait until the running operation has started it: drover status "+rec.ClusterID)
	}
	return rec, *n, err
}

// launched is what the agent runs. The words reach its shell in the environment and are never read by it as text; the shell then
// becomes the program, which does not inherit them.
func (in ExecInput) launched(rec *lifecycle.Record, n lifecycle.Node) agentapi.Command {
	cmd := agentapi.Command{
		Run: in.RunID, TimeoutSec: int((in.Limit() + time.Second - 1) / time.Second), Label: n.Label() + " " + ids.ExecStep, Secrets: rec.Passwords(),
	}
	var words, names []string
	for i, word := range in.Command {
		name := fmt.Sprintf("DROVER_WORD_%d", i+1)
		cmd.Env = append(cmd.Env, name+"="+word)
		words, names = append(words, `"$`+name+`"`), append(names, name)
	}
	cmd.Cmd = "set -- " + strings.Join(words, " ") + "\nunset " + strings.Join(names, " ") + "\n" + `exec "$@"`
	return cmd
}

// execWatch is what is known of a command's beginning while its node is silent.
type execWatch struct {
	power  *machines
	node   lifecycle.Node
	since  time.Time
	mayRun atomic.Bool // the command was, or may have been, launched
}

func (w *execWatch) mayBegin(ask func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := ask(ctx)
		if err == nil {
			w.mayRun.Store(true)
		}
		return err
	}
}

// silent gives up a node that cannot answer: its machine is off or gone, or nothing has begun there for too long.
func (w *execWatch) silent(ctx context.Context) error {
	state, err := w.power.state(ctx, w.node)
	off := err == nil && state != providers.Running
	switch hint := "see the state of the node with: drover doctor " + w.power.rec.ClusterID; {
	case off && w.mayRun.Load():
		return fault.New(fault.OutcomeUnknown, "its machine is off or gone; the command may have begun there").WithHint("%s", hint)
	case off:
		return fault.New(fault.NotAllowed, "its machine is off or gone").WithHint("%s", hint)
	case !w.mayRun.Load() && time.Since(w.since) > answersWithin:
		f := fault.New(fault.Unreachable, "it does not respond; nothing was run").WithHint("%s", hint)
		f.Retryable = false
		return f
	}
	return nil
}

// executed is how the command ended, with the end of what it printed.
func (a *Activities) executed(ctx context.Context, rec *lifecycle.Record, n lifecycle.Node, in ExecInput, st agentapi.CommandStatus) (api.Executed, error) {
	read, err := a.Agents.Output(ctx, n, st.ID, -agentapi.OutputLimit, agentapi.OutputLimit)
	if err != nil {
		return api.Executed{}, fault.Wrap(err, fault.Unreachable, "the command has ended with exit code %d; its output cannot be read", st.ExitCode).At(rec.ClusterID, n.ID, "")
	}
	return api.Executed{
		ClusterID: rec.ClusterID, Node: n.Label(), NodeID: n.ID, Command: in.Command, ExitCode: st.ExitCode,
		TimedOut: st.TimedOut, Canceled: st.Canceled, StartedAt: st.StartedAt, EndedAt: st.EndedAt, From: read.From,
		Output: lifecycle.RedactPart(read.Before, read.Text, append(lifecycle.Spelled(read.Secrets), rec.Secrets(&n)...)),
	}, nil
}
