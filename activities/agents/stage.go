package agents

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"drover/activities/internal/attempt"
	"drover/activities/internal/bounds"
	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/activities/internal/packages"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
)

// StageInput is one order group of a stage: the service runs on all named nodes at the same time (S2).
type StageInput struct {
	ClusterID string         `json:"cluster_id"`
	RunID     string         `json:"run_id"` // of the operation, which its number alone does not identify: a restored record repeats numbers
	Seq       int            `json:"seq"`
	Step      string         `json:"step"`
	Service   string         `json:"service"`
	Kind      lifecycle.Kind `json:"kind"`
	Nodes     []string       `json:"nodes"`
	// Params are JSON texts by role; the command gets its own as one argument more (S7).
	Params map[string]string `json:"params,omitempty"`
	// Attempts counts, by node id, the commands of this stage that ended there without success and that an operator has
	// decided to run again. Nodes that are not named run their first.
	Attempts map[string]int `json:"attempts,omitempty"`
	// Prints keeps what the commands print in the record (verify).
	Prints bool `json:"prints,omitempty"`
}

// StageResult names the nodes on which the command did not succeed; every node has ended.
type StageResult struct {
	Failed   int           `json:"failed"`
	Failures []NodeFailure `json:"failures,omitempty"` // the first maxFailures, unknown outcomes before others
	// Outcomes of the nodes of the input, in its order; empty when every node succeeded.
	Outcomes Outcomes `json:"outcomes,omitempty"`
}

// NodeFailure is one node on which a command did not end with exit code 0 (S6).
type NodeFailure struct {
	NodeID   string     `json:"node_id"`
	Node     string     `json:"node"` // "etcd_node/1"
	Type     fault.Type `json:"type"`
	ExitCode int        `json:"exit_code"`
	Message  string     `json:"message"`
	Output   string     `json:"output,omitempty"` // at most 4 KiB, secrets removed
}

// maxFailures bounds the result of a stage to well below 16 KiB.
const maxFailures = 3

// cancelWithin is how long cancelled commands get to end by themselves and be killed.
const cancelWithin = time.Minute

// CommandID is the key under which a node's journal runs a command once: cluster, operation number and run, step, service,
// kind and node. A retry of the activity, a new worker and a reset workflow find the same command again. Only an
// operator's decision to run a command again that ended without success makes another one of it. The number is for people:
// it comes from the control record, and is repeated when that is restored from a backup; a run's id is never repeated.
func CommandID(in StageInput, nodeID string) string {
	kind := ""
	if in.Kind == lifecycle.PreCheck {
		kind = ".pre_check"
	}
	return fmt.Sprintf("%s.%d-%s.%s.%s%s.%s%s", in.ClusterID, in.Seq, idSafe(runEnd(in.RunID)), in.Step, idSafe(in.Service), kind, nodeID, again(in.Attempts[nodeID]))
}

// runEnd is what runs differ by: the last part of a UUID, 48 random bits.
func runEnd(run string) string { return run[strings.LastIndex(run, "-")+1:] }

// again is the end of a command's id, "" for the first.
func again(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(".again-%d", n)
}

// maxInID is how much of a service's name goes into ids: journals take 200 characters in all.
const maxInID = 64

// idSafe makes service names usable in ids: custom names may contain anything and be long. Names that had to be changed
// get a digest of the whole, so that different names stay different.
func idSafe(s string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '-'
	}, s)
	if safe == s && len(s) <= maxInID {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("%s-%x", safe[:min(len(safe), maxInID)], sum[:8])
}

// RunStage runs the service's command on every named node and returns when all have ended (S6). A true cancel kills
// what still runs; a stopping worker only lets go, and the next attempt attaches to the same commands.
func (a *Activities) RunStage(ctx context.Context, in StageInput) (StageResult, error) {
	rec, err := a.current(ctx, in.ClusterID, in.RunID)
	if err != nil {
		return StageResult{}, err
	}
	if err := a.withParamSecrets(ctx, rec, in); err != nil {
		return StageResult{}, err
	}
	working, stop := attempt.UntilStopping(ctx)
	defer stop()
	power := a.machinesOf(rec)
	results := fanout.Run(working, rec.NamedNodes(in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (agentapi.CommandStatus, error) {
		return a.runOn(ctx, power, n, in, progress)
	})
	if working.Err() != nil {
		if attempt.Canceled(ctx) {
			if a.cancelAll(ctx, rec, results, func(node string) string { return CommandID(in, node) }) {
				return StageResult{}, temporal.NewCanceledError(CommandsEnded)
			}
			return StageResult{}, ctx.Err()
		}
		return StageResult{}, fault.Wrap(context.Cause(working), fault.Unreachable, "commands continue on their nodes")
	}
	if in.Service == lifecycle.ServiceCustomMetadata {
		if err := a.keepTokens(ctx, in, results); err != nil {
			return StageResult{}, err
		}
	}
	if in.Prints {
		if err := a.keepPrints(ctx, rec, in, results); err != nil {
			return StageResult{}, err
		}
	}
	return a.judge(ctx, rec, in, results), nil
}

// readWithin is how long an attempt that is about to run commands may wait for the record. It is shorter than the server's
// heartbeat timeout, so that one it has given up never continues to run commands.
const readWithin = 5 * time.Second

// current reads the record for commands of an operation, and refuses when it names another one: an attempt that was held
// up, by a cut connection or with its worker, has been replaced long ago, and the nodes' journals need not remember what
// the other one ran, for upgrades give nodes new machines.
func (a *Activities) current(ctx context.Context, clusterID, run string) (*lifecycle.Record, error) {
	ctx, stop := context.WithTimeout(ctx, readWithin)
	defer stop()
	rec, _, err := a.Records.Record(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	return rec, rec.OwnedBy(run)
}

// service finds the service as the version that runs on the node describes it. The pre_check of upgrade alone is the one of the
// version the upgrade leads to: it says whether that can take over from what runs (UP0).
func (in StageInput) service(rec *lifecycle.Record, n lifecycle.Node) (specs.Service, bool) {
	if in.Service == lifecycle.ServiceUpgrade && in.Kind == lifecycle.PreCheck && rec.Target != nil {
		return lifecycle.RoleSpec(rec.Target.Spec, n.Role, in.Service)
	}
	return lifecycle.RoleSpec(rec.On(n).Spec, n.Role, in.Service)
}

func (a *Activities) runOn(ctx context.Context, power *machines, n lifecycle.Node, in StageInput, progress fanout.Progress) (agentapi.CommandStatus, error) {
	rec := power.rec
	service, ok := in.service(rec, n)
	if !ok {
		return agentapi.CommandStatus{}, fault.New(fault.Internal, "role %q does not define %s", n.Role, in.Service)
	}
	cmd := agentapi.Command{
		Run: in.RunID, Cmd: service.Cmd, TimeoutSec: service.Timeout, Label: n.Label() + " " + in.Service,
		Stdout:  in.Service == lifecycle.ServiceCustomMetadata || in.Prints,
		Secrets: rec.Passwords(),
	}
	if in.Kind == lifecycle.PreCheck {
		cmd.Cmd = service.PreCheck
	}
	if params := in.Params[n.Role]; params != "" && in.Kind == lifecycle.Command {
		cmd.Cmd, cmd.Env = withArgument(cmd.Cmd), []string{paramsVariable + "=" + params}
	}
	id := CommandID(in, n.ID)
	progress.Command(id)
	secrets := rec.Secrets(&n)
	return a.Agents.Run(ctx, n, id, cmd, agentapi.Watch{
		MayBegin: a.Attempt.MayBegin(progress),
		Progress: func(st agentapi.CommandStatus) { progress.Line(lifecycle.RedactCut(st.Progress(), secrets)) },
		Silent:   power.boot(n, progress),
	})
}

// paramsVariable carries the parameters of a run to the command's shell: its arguments are in the node's process list, its
// environment is root's to read.
const paramsVariable = "DROVER_PARAMS"

// withArgument appends the parameters to a command as one quoted argument. The variable is taken out of the environment
// first, so the shell is the only process that has it there. What the command itself starts gets the argument.
func withArgument(cmd string) string {
	return "drover_params=$" + paramsVariable + "; unset " + paramsVariable + "\n" + cmd + ` "$drover_params"`
}

// CommandsEnded is the detail of the cancellation of an activity that has ended its commands on every node. Without it
// perhaps no attempt has: the server cancels an activity by itself while no worker has it.
const CommandsEnded = "commands ended"

// endWithin is how long a command gets to end, and its node to say so, before that is a failure.
const endWithin = 45 * time.Second

// EndCommands ends the commands of a RunStage or AskNodes that was cancelled and whose worker could not say that it did so.
// What has not begun never will.
func (a *Activities) EndCommands(ctx context.Context, in StageInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	working, stop := attempt.UntilStopping(ctx)
	defer stop()
	power := a.machinesOf(rec)
	var failed []error
	for _, r := range fanout.Run(working, rec.NamedNodes(in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (agentapi.CommandStatus, error) {
		progress.Line("ending " + CommandID(in, n.ID))
		ctx, stop := context.WithTimeout(ctx, endWithin)
		defer stop()
		return a.Agents.Cancel(ctx, n, CommandID(in, n.ID))
	}) {
		if r.Err != nil && !fault.Is(r.Err, fault.NotFound) && !power.runsNothing(ctx, r.Node) {
			failed = append(failed, fault.Wrap(r.Err, fault.Unreachable, "%s of node %s (%s) may still run", in.Service, r.Node.Label(), r.Node.ID).
				At(rec.ClusterID, r.Node.ID, in.Service))
		}
	}
	return fanout.FirstOf(failed)
}

// cancelAll ends the commands of an operation that was truly cancelled, so that nothing runs on while it is undone, and
// reports whether it reached all of them.
func (a *Activities) cancelAll(ctx context.Context, rec *lifecycle.Record, results []fanout.Result[agentapi.CommandStatus], id func(node string) string) bool {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelWithin)
	defer stop()
	var running []lifecycle.Node
	for _, r := range results {
		if r.Err != nil {
			running = append(running, r.Node)
		}
	}
	all, power := true, a.machinesOf(rec)
	for _, r := range fanout.Run(ctx, running, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (agentapi.CommandStatus, error) {
		return a.Agents.Cancel(ctx, n, id(n.ID))
	}) {
		if r.Err != nil && !fault.Is(r.Err, fault.NotFound) && !power.runsNothing(ctx, r.Node) {
			all = false
			a.Logger.Warn("a cancelled command could not be reached", "cluster", rec.ClusterID, "node", r.Node.ID, "error", r.Err)
		}
	}
	return all
}

// judge turns what nodes answered into the stage's result.
func (a *Activities) judge(ctx context.Context, rec *lifecycle.Record, in StageInput, results []fanout.Result[agentapi.CommandStatus]) StageResult {
	var out StageResult
	outcomes := map[string]agentapi.Outcome{}
	var failures []NodeFailure
	for _, r := range results {
		failure, outcome := a.failureOf(rec, in, r)
		if outcome != agentapi.OutcomeSucceeded {
			failures = append(failures, failure)
			outcomes[r.Node.ID] = outcome
		}
	}
	if out.Failed = len(failures); out.Failed == 0 {
		return out
	}
	for _, node := range in.Nodes {
		outcome, failed := outcomes[node]
		if !failed {
			outcome = agentapi.OutcomeSucceeded
		}
		out.Outcomes = append(out.Outcomes, outcome)
	}
	slices.SortStableFunc(failures, UnknownFirst)
	for _, failure := range failures[:min(len(failures), maxFailures)] {
		if text := a.errorText(ctx, rec, failure); text != "" && failure.Type == fault.CommandFailed {
			failure.Message += ": " + text
		}
		failure.Message = bounds.Head(failure.Message, bounds.MessageLimit)
		out.Failures = append(out.Failures, failure)
	}
	return out
}

// UnknownFirst orders failures: unknown outcomes, which an operator has to look at, come first.
func UnknownFirst(a, b NodeFailure) int {
	return rank(a.Type) - rank(b.Type)
}

func rank(t fault.Type) int {
	if t == fault.OutcomeUnknown {
		return 0
	}
	return 1
}

// failureOf puts a node's answer into words. The failure is empty when the command succeeded.
func (a *Activities) failureOf(rec *lifecycle.Record, in StageInput, r fanout.Result[agentapi.CommandStatus]) (NodeFailure, agentapi.Outcome) {
	what := in.Service
	if in.Kind == lifecycle.PreCheck {
		what += " pre_check"
	}
	st, outcome := r.Value, r.Value.Outcome()
	failure := NodeFailure{NodeID: r.Node.ID, Node: r.Node.Label(), Type: fault.CommandFailed, ExitCode: st.ExitCode}
	switch {
	case outcome == agentapi.OutcomeUnknown:
		failure.Type, failure.ExitCode = fault.OutcomeUnknown, -1
		failure.Message = fmt.Sprintf("%s on %s began and its outcome is unknown: %s", what, failure.Node, st.Detail)
	case r.Err != nil:
		f := fault.Wrap(r.Err, fault.Internal, "%s on %s", what, failure.Node)
		if f.Type == fault.Unreachable {
			f = fault.Wrap(r.Err, fault.Unreachable, "it is not known how %s on %s ends: the node does not answer", what, failure.Node)
		}
		failure.Type, failure.Message, failure.ExitCode = f.Type, f.Error(), -1
		outcome = outcomeOf(f)
	case outcome == agentapi.OutcomeSucceeded:
		return NodeFailure{}, outcome
	case st.TimedOut:
		service, _ := in.service(rec, r.Node)
		failure.Message = fmt.Sprintf("%s on %s timed out after %d s", what, failure.Node, service.Timeout)
	case st.Canceled:
		failure.Message = fmt.Sprintf("%s on %s was cancelled on the node", what, failure.Node)
	case outcome == agentapi.OutcomeOpen:
		failure.Type, failure.ExitCode = fault.Internal, -1
		failure.Message = fmt.Sprintf("%s on %s: the agent reports state %q for a command that ended", what, failure.Node, st.State)
	default:
		failure.Message = fmt.Sprintf("%s on %s ended with exit code %d", what, failure.Node, st.ExitCode)
	}
	output, secrets := st.Output, rec.Secrets(&r.Node)
	if st.Truncated {
		output = bounds.WithoutCutSecret(output, secrets)
	}
	failure.Output = bounds.TailInJSON(lifecycle.RedactCut(output, secrets), agentapi.OutputTail, bounds.OutputInJSON)
	failure.Message = lifecycle.Redact(failure.Message, secrets)
	return failure, outcome
}

// outcomeOf is the outcome of a command whose status is not known.
func outcomeOf(f *fault.Fault) agentapi.Outcome {
	switch f.Type {
	case fault.CommandFailed:
		return agentapi.OutcomeFailed
	case fault.OutcomeUnknown:
		return agentapi.OutcomeUnknown
	case fault.Invalid, fault.Conflict, fault.NotAllowed, fault.NoCapacity: // the node answered, and began nothing
		return agentapi.OutcomeFailed
	}
	return agentapi.OutcomeOpen
}

// errorText is the package's own text for an exit code (err_code<N> of its locale), "" when it has none.
func (a *Activities) errorText(ctx context.Context, rec *lifecycle.Record, f NodeFailure) string {
	n, ok := rec.Node(f.NodeID)
	if !ok || f.ExitCode <= 0 {
		return ""
	}
	pkg, err := packages.Open(ctx, a.Apps, rec.AppID, rec.On(*n).VersionID)
	if err != nil {
		return ""
	}
	text, _ := pkg.ErrCode("en", f.ExitCode)
	return text
}

// keepTokens puts the standard output of custom_metadata into the record, from where the next revision publishes it.
func (a *Activities) keepTokens(ctx context.Context, in StageInput, results []fanout.Result[agentapi.CommandStatus]) error {
	tokens := map[string]string{}
	for _, r := range results {
		if r.Err == nil && r.Value.Outcome() == agentapi.OutcomeSucceeded {
			tokens[r.Node.ID] = strings.TrimRight(r.Value.Stdout, "\n")
		}
	}
	_, err := control.UpdateOwn(ctx, a.Records, a.Attempt, in.ClusterID, in.RunID, func(rec *lifecycle.Record) error {
		for i := range rec.Nodes {
			if token, ok := tokens[rec.Nodes[i].ID]; ok {
				rec.Nodes[i].Token = token
			}
		}
		return control.Publishable(a.Records, rec)
	})
	return err
}
