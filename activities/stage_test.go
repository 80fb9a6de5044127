package activities

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// resultLimit is what one activity may put into a workflow's history.
const resultLimit = 16 << 10

func stage(rec *lifecycle.Record, service string) StageInput {
	return StageInput{ClusterID: clusterID, Seq: 1, Step: "CC4", Service: service, Nodes: ids(rec)}
}

func TestCommandIDIsStableAndTellsCommandsApart(t *testing.T) {
	t.Parallel()
	in := StageInput{ClusterID: clusterID, Seq: 3, Step: "CC4", Service: "start"}
	require.Equal(t, "cl-test0001.3.CC4.start.cln-1", CommandID(in, "cln-1"), "changing it makes running operations repeat commands")
	in.Kind = lifecycle.PreCheck
	require.Equal(t, "cl-test0001.3.CC4.start.pre_check.cln-1", CommandID(in, "cln-1"))

	in.Attempts = map[string]int{"cln-1": 2}
	require.Equal(t, "cl-test0001.3.CC4.start.pre_check.cln-1.again-2", CommandID(in, "cln-1"))
	require.Equal(t, "cl-test0001.3.CC4.start.pre_check.cln-2", CommandID(in, "cln-2"))

	seen := map[string]StageInput{}
	for _, service := range []string{"start", "my job", "my-job", "my.job", "my/job", "備份", "恢復", strings.Repeat("x", 300), strings.Repeat("x", 301)} {
		for _, kind := range []lifecycle.Kind{"", lifecycle.PreCheck} {
			for seq := 1; seq <= 2; seq++ {
				in := StageInput{ClusterID: clusterID, Seq: seq, Step: "RS1", Service: service, Kind: kind}
				id := CommandID(in, "cln-1")
				require.Equal(t, id, CommandID(in, "cln-1"))
				require.Regexp(t, regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`), id, "as journals demand")
				require.NotContains(t, seen, id, "%+v", in)
				seen[id] = in
			}
		}
	}
}

func TestStageSucceedsOnEveryNodeAtTheSameTime(t *testing.T) {
	t.Parallel()
	const n = 40
	w := newWorld(t)
	rec := w.running(n)
	together := newGate(n)
	w.agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.meet(ctx) // returns only once all nodes run it (S2)
		return fakes.Exit(0, "")
	})
	out, err := w.acts.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Equal(t, StageResult{}, out)
	require.Len(t, w.agents.Ran(), n)
	_, err = w.acts.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Len(t, w.agents.Ran(), n, "a retry finds the same commands")
}

func TestStageJudgesWhatNodesAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		status  agentapi.CommandStatus
		broken  bool
		kind    lifecycle.Kind
		typ     fault.Type
		code    int
		message string
	}{
		{name: "exit code", status: fakes.Exit(5, "why"), typ: fault.CommandFailed, code: 5, message: "start on a/1 ended with exit code 5"},
		{name: "the package's own text", status: fakes.Exit(77, ""), typ: fault.CommandFailed, code: 77,
			message: "start on a/1 ended with exit code 77: the data is still needed"},
		{name: "pre_check", kind: lifecycle.PreCheck, status: fakes.Exit(1, ""), typ: fault.CommandFailed, code: 1,
			message: "start pre_check on a/1 ended with exit code 1"},
		{name: "out of time", status: agentapi.CommandStatus{State: agentapi.StateExited, TimedOut: true, ExitCode: 143}, typ: fault.CommandFailed,
			code: 143, message: "start on a/1 timed out after 30 s"},
		{name: "cancelled on the node", status: agentapi.CommandStatus{State: agentapi.StateExited, Canceled: true, ExitCode: 143},
			typ: fault.CommandFailed, code: 143, message: "start on a/1 was cancelled on the node"},
		{name: "nobody knows", status: agentapi.CommandStatus{State: agentapi.StateUnknown}, typ: fault.OutcomeUnknown, code: -1,
			message: "start on a/1 began and nobody knows how it ended"},
		{name: "unreachable", broken: true, typ: fault.Unreachable, code: -1, message: "start on a/1: node "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.running(2)
			w.agents.Broken[rec.Nodes[0].ID] = c.broken
			w.agents.On("start", func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
				if e.Node.SID == 1 {
					return c.status
				}
				return fakes.Exit(0, "")
			})
			in := stage(rec, "start")
			in.Kind = c.kind
			out, err := w.acts.RunStage(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, 1, out.Failed)
			got := out.Failures[0]
			require.True(t, strings.HasPrefix(got.Message, c.message), got.Message)
			require.Equal(t, c.typ, got.Type)
			require.Equal(t, c.code, got.ExitCode)
			require.Equal(t, c.status.Output, got.Output)
			require.Equal(t, []string{rec.Nodes[0].ID, "a/1"}, []string{got.NodeID, got.Node})
			text := "start"
			if c.kind == lifecycle.PreCheck {
				text = "check"
			}
			for _, e := range w.agents.Ran() {
				require.Equal(t, text, e.Cmd)
			}
		})
	}
}

// Each node's outcome is told: it decides what an operator's retry runs again. Unknown outcomes come first, whatever the
// node: they must not be hidden behind failures.
func TestStageTellsEachNodesOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(6)
	w.agents.Broken[rec.Nodes[5].ID] = true
	w.agents.On("start", func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		switch {
		case strings.HasSuffix(e.ID, ".again-1"), e.Node.SID == 2:
			return fakes.Exit(0, "")
		case e.Node.SID == 5:
			return agentapi.CommandStatus{State: agentapi.StateUnknown}
		}
		return fakes.Exit(3, "")
	})
	in := stage(rec, "start")
	out, err := w.acts.RunStage(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "x.xx?-", out.Outcomes)
	require.Equal(t, 5, out.Failed)
	require.Equal(t, fault.OutcomeUnknown, out.Failures[0].Type)
	require.Equal(t, "a/5", out.Failures[0].Node)

	w.agents.Broken = map[string]bool{}
	in.Nodes = []string{rec.Nodes[0].ID, rec.Nodes[4].ID}
	in.Attempts = map[string]int{rec.Nodes[0].ID: 1, rec.Nodes[4].ID: 1}
	out, err = w.acts.RunStage(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, StageResult{}, out)
}

func TestStageKeepsSecretsOutOfEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(1)
	w.agents.On("start", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		return fakes.Exit(1, "logging in with "+secret+"\n")
	})
	out, err := w.acts.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Equal(t, "logging in with ******\n", out.Failures[0].Output)

	// The node's answer may fail in words that repeat the command's.
	failing := &faulty{Agents: w.agents, run: func() (agentapi.CommandStatus, error) {
		return agentapi.CommandStatus{}, fault.New(fault.Internal, "cannot run login --password=%s", secret)
	}}
	w.deps.Agents = failing
	out, err = New(w.deps).RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.NotContains(t, jsonOf(t, out), secret)
	require.Contains(t, out.Failures[0].Message, "--password=******")
}

// The output's tail may begin in the middle of a secret.
func TestStageRedactsASecretThatIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(1)
	w.agents.On("start", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		st := fakes.Exit(1, secret[4:]+"\nrefused\n")
		st.Truncated = true
		return st
	})
	out, err := w.acts.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Equal(t, "******\nrefused\n", out.Failures[0].Output)
}

// faulty agents answer as told.
type faulty struct {
	Agents
	run func() (agentapi.CommandStatus, error)
}

func (f *faulty) Run(context.Context, lifecycle.Node, string, agentapi.Command, func(context.Context) error, func(agentapi.CommandStatus)) (agentapi.CommandStatus, error) {
	return f.run()
}

func TestStageResultIsBounded(t *testing.T) {
	t.Parallel()
	const n = 250
	w := newWorld(t)
	rec := w.running(n)
	long := strings.Repeat("y", 100<<10)
	for name, answer := range map[string]func() (agentapi.CommandStatus, error){
		"text": func() (agentapi.CommandStatus, error) { return fakes.Exit(1, strings.Repeat("x", 100<<10)+"end"), nil },
		"markup": func() (agentapi.CommandStatus, error) {
			return fakes.Exit(1, strings.Repeat("<a>", 100<<10)+"end"), nil
		},
		"binary": func() (agentapi.CommandStatus, error) {
			return fakes.Exit(1, strings.Repeat("\x00", 100<<10)+"end"), nil
		},
		"wide": func() (agentapi.CommandStatus, error) {
			return fakes.Exit(1, strings.Repeat("界", 100<<10)+"end"), nil
		},
		"fault": func() (agentapi.CommandStatus, error) {
			return agentapi.CommandStatus{}, fault.New(fault.Unauthorized, "%s", long)
		},
	} {
		t.Run(name, func(t *testing.T) {
			deps := w.deps
			deps.Agents = &faulty{Agents: w.agents, run: answer}
			out, err := New(deps).RunStage(t.Context(), stage(rec, "start"))
			require.NoError(t, err)
			require.Equal(t, n, out.Failed)
			require.NotEmpty(t, out.Failures)
			require.LessOrEqual(t, len(out.Failures), 3)
			require.LessOrEqual(t, len(jsonOf(t, out)), resultLimit)
			for _, f := range out.Failures {
				require.LessOrEqual(t, len(f.Output), agentapi.OutputTail)
				if f.ExitCode == 1 {
					require.True(t, strings.HasSuffix(f.Output, "end"), "the end tells why")
				}
			}
		})
	}
}

func TestStageKeepsTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(3)
	w.agents.On(lifecycle.ServiceCustomMetadata, func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		if e.Node.SID == 2 {
			return fakes.Exit(1, "no token")
		}
		return fakes.Exit(0, fmt.Sprintf("token %d\n", e.Node.SID))
	})
	out, err := w.acts.RunStage(t.Context(), stage(rec, lifecycle.ServiceCustomMetadata))
	require.NoError(t, err)
	require.Equal(t, 1, out.Failed)
	var tokens []string
	for _, n := range w.record().Nodes {
		tokens = append(tokens, n.Token)
	}
	require.Equal(t, []string{"token 1", "", "token 3"}, tokens)
}

// runStage runs a stage as a worker does, its context ended by cause once all commands run.
func runStage(t *testing.T, w *world, in StageInput, cause error, begun <-chan struct{}) error {
	t.Helper()
	env := environment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&endingLater{cause: cause, when: begun}, Faults()}})
	env.RegisterActivityWithOptions(w.acts.RunStage, activity.RegisterOptions{Name: RunStage})
	_, err := env.ExecuteActivity(RunStage, in)
	return err
}

// endingLater ends the context of activities with a cause when told.
type endingLater struct {
	interceptor.WorkerInterceptorBase
	cause error
	when  <-chan struct{}
}

func (e *endingLater) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &endingLaterInbound{interceptor.ActivityInboundInterceptorBase{Next: next}, e}
}

type endingLaterInbound struct {
	interceptor.ActivityInboundInterceptorBase
	e *endingLater
}

func (i *endingLaterInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-i.e.when:
			cancel(i.e.cause)
		case <-ctx.Done():
		}
	}()
	return i.Next.ExecuteActivity(ctx, in)
}

func TestStageOnlyATrueCancelReachesCommands(t *testing.T) {
	t.Parallel()
	const n = 5
	for name, c := range map[string]struct {
		cause  error
		killed bool
	}{
		"cancel":          {temporal.NewCanceledError(), true},
		"worker shutdown": {worker.ErrWorkerShutdown, false},
		"pause":           {activity.ErrActivityPaused, false},
		"reset":           {activity.ErrActivityReset, false},
		"terminated":      {errors.New("workflow not found"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.running(n)
			together, goOn := newGate(n), make(chan struct{})
			w.agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
				together.meet(ctx)
				select {
				case <-ctx.Done():
				case <-goOn:
				}
				return fakes.Exit(0, "")
			})
			in := stage(rec, "start")
			err := runStage(t, w, in, c.cause, together.open)
			require.Equal(t, c.killed, temporal.IsCanceledError(err), "%v", err)
			require.Equal(t, c.killed, detail(err) == CommandsEnded)
			if !c.killed {
				app, _ := application(t, err)
				require.Equal(t, string(fault.Unreachable), app.Type())
				require.False(t, app.NonRetryable())
			}
			close(goOn)
			out, err := w.acts.RunStage(t.Context(), in)
			require.NoError(t, err)
			require.Len(t, w.agents.Ran(), n, "attached, not run again")
			if c.killed {
				require.Equal(t, n, out.Failed)
				require.Contains(t, out.Failures[0].Message, "cancelled")
			} else {
				require.Zero(t, out.Failed)
			}
		})
	}
}

// detail of a cancellation.
func detail(err error) (text string) {
	var cancelled *temporal.CanceledError
	if errors.As(err, &cancelled) && cancelled.HasDetails() {
		_ = cancelled.Details(&text)
	}
	return text
}

// Commands that a worker left are ended by who comes next; what has not begun does not matter.
func TestCommandsAreEndedByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	in := stage(rec, "start")
	require.NoError(t, w.acts.EndCommands(t.Context(), in), "nothing has begun")
	together := newGate(2)
	w.agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.meet(ctx)
		<-ctx.Done()
		return fakes.Exit(0, "")
	})
	require.Error(t, runStage(t, w, in, worker.ErrWorkerShutdown, together.open))
	require.NoError(t, w.acts.EndCommands(t.Context(), in))
	out, err := w.acts.RunStage(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, w.agents.Ran(), 2, "attached, not run again")
	require.Equal(t, 2, out.Failed)
	require.Contains(t, out.Failures[0].Message, "cancelled")
}

// A stage that cannot reach a node does not say that it has ended its command there.
func TestACancelledStageSaysWhatItEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	in := stage(rec, "start")
	together, dark := newGate(2), make(chan struct{})
	w.agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.meet(ctx)
		<-ctx.Done()
		return fakes.Exit(0, "")
	})
	go func() {
		<-together.open
		w.agents.Silence(rec.Nodes[0].ID)
		close(dark)
	}()
	err := runStage(t, w, in, temporal.NewCanceledError(), dark)
	require.True(t, temporal.IsCanceledError(err), err)
	require.Empty(t, detail(err))
	err = w.acts.EndCommands(t.Context(), in)
	require.True(t, fault.Is(err, fault.Unreachable), err)
	require.ErrorContains(t, err, rec.Nodes[0].ID)
}

func TestStageLetsGoWhenTheWorkerBeginsToStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	together, goOn, stopping := newGate(2), make(chan struct{}), make(chan struct{})
	w.agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.meet(ctx)
		<-goOn
		return fakes.Exit(0, "")
	})
	env := environment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{Faults()}})
	env.SetWorkerStopChannel(stopping)
	env.RegisterActivityWithOptions(w.acts.RunStage, activity.RegisterOptions{Name: RunStage})
	go func() {
		<-together.open
		close(stopping)
	}()
	_, err := env.ExecuteActivity(RunStage, stage(rec, "start"))
	app, f := application(t, err)
	require.Equal(t, string(fault.Unreachable), app.Type())
	require.False(t, app.NonRetryable())
	require.Contains(t, f.Message, "commands go on on their nodes")
	close(goOn)
	out, err := w.acts.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Zero(t, out.Failed)
	require.Len(t, w.agents.Ran(), 2)
}

func TestStageOfAServiceNobodyDefines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(1)
	out, err := w.acts.RunStage(t.Context(), stage(rec, "no-such"))
	require.NoError(t, err)
	require.Equal(t, fault.Internal, out.Failures[0].Type)
	require.Empty(t, w.agents.Ran())
	_, err = w.acts.RunStage(t.Context(), StageInput{ClusterID: "cl-unknown0"})
	w.requireFault(fault.NotFound, err)
}

// An attempt that was held up comes to its commands when a later operation already runs, perhaps on new machines whose
// journals know nothing of what another attempt ran.
func TestNoCommandsOfAnOperationThatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	require.NoError(t, w.acts.EndOperation(t.Context(), EndInput{
		ClusterID: clusterID, RunID: "run-1", Outcome: api.OpSucceeded, ClusterState: lifecycle.Active,
	}))
	_, err := w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: clusterID, RunID: "run-2", Type: api.StopCluster})
	require.NoError(t, err)
	_, err = w.acts.RunStage(t.Context(), stage(rec, "start"))
	w.requireFault(fault.Conflict, err)
	_, err = w.acts.AskNodes(t.Context(), AskInput{ClusterID: clusterID, Seq: 1, Step: "SV2", Role: "node", Service: "start", Nodes: ids(rec)})
	w.requireFault(fault.Conflict, err)
	require.Empty(t, w.agents.Ran())

	now := stage(rec, "start")
	now.Seq = 2
	_, err = w.acts.RunStage(t.Context(), now)
	require.NoError(t, err)
	require.Len(t, w.agents.Ran(), 2)
}
