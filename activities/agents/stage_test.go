package agents_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/records"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func stage(rec *lifecycle.Record, service string) agents.StageInput {
	return agents.StageInput{ClusterID: world.ClusterID, RunID: "run-1", Seq: 1, Step: "CC4", Service: service, Nodes: world.IDs(rec)}
}

func TestCommandIDIsStableAndTellsCommandsApart(t *testing.T) {
	t.Parallel()
	in := agents.StageInput{ClusterID: world.ClusterID, RunID: "0198c0a4-4c5f-7a33-9c52-5e1d2c3b4a59", Seq: 3, Step: "CC4", Service: "start"}
	require.Equal(t, "cl-test0001.3-5e1d2c3b4a59.CC4.start.cln-1", agents.CommandID(in, "cln-1"), "changing it makes running operations repeat commands")
	in.Kind = lifecycle.PreCheck
	require.Equal(t, "cl-test0001.3-5e1d2c3b4a59.CC4.start.pre_check.cln-1", agents.CommandID(in, "cln-1"))

	in.Attempts = map[string]int{"cln-1": 2}
	require.Equal(t, "cl-test0001.3-5e1d2c3b4a59.CC4.start.pre_check.cln-1.again-2", agents.CommandID(in, "cln-1"))
	require.Equal(t, "cl-test0001.3-5e1d2c3b4a59.CC4.start.pre_check.cln-2", agents.CommandID(in, "cln-2"))

	seen := map[string]agents.StageInput{}
	for _, service := range []string{"start", "my job", "my-job", "my.job", "my/job", "備份", "恢復", strings.Repeat("x", 300), strings.Repeat("x", 301)} {
		for _, kind := range []lifecycle.Kind{"", lifecycle.PreCheck} {
			for seq := 1; seq <= 2; seq++ {
				in := agents.StageInput{ClusterID: world.ClusterID, Seq: seq, Step: "RS1", Service: service, Kind: kind}
				id := agents.CommandID(in, "cln-1")
				require.Equal(t, id, agents.CommandID(in, "cln-1"))
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
	w := world.New(t)
	rec := w.Running(n)
	together := world.NewGate(n)
	w.Agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.Meet(ctx) // returns only once all nodes run it (S2)
		return fakes.Exit(0, "")
	})
	out, err := w.Acts.Agents.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Equal(t, agents.StageResult{}, out)
	require.Len(t, w.Agents.Ran(), n)
	_, err = w.Acts.Agents.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Len(t, w.Agents.Ran(), n, "a retry finds the same commands")
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
		{name: "unknown outcome", status: agentapi.CommandStatus{State: agentapi.StateUnknown, Detail: "the node went down while it ran"}, typ: fault.OutcomeUnknown, code: -1,
			message: "start on a/1 began and its outcome is unknown: the node went down while it ran"},
		{name: "unreachable", broken: true, typ: fault.Unreachable, code: -1, message: "it is not known how start on a/1 ends: the node does not answer: node "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := world.New(t)
			rec := w.Running(2)
			w.Agents.Broken[rec.Nodes[0].ID] = c.broken
			w.Agents.On("start", func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
				if e.Node.SID == 1 {
					return c.status
				}
				return fakes.Exit(0, "")
			})
			in := stage(rec, "start")
			in.Kind = c.kind
			out, err := w.Acts.Agents.RunStage(t.Context(), in)
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
			for _, e := range w.Agents.Ran() {
				require.Equal(t, text, e.Cmd)
			}
		})
	}
}

// Each node's outcome is told: it decides what an operator's retry runs again. Unknown outcomes come first, whatever the
// node: they must not be hidden behind failures.
func TestStageTellsEachNodesOutcome(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(6)
	w.Agents.Broken[rec.Nodes[5].ID] = true
	w.Agents.On("start", func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		switch {
		case strings.HasSuffix(e.ID, ".again-1"), e.Node.SID == 2:
			return fakes.Exit(0, "")
		case e.Node.SID == 5:
			return agentapi.CommandStatus{State: agentapi.StateUnknown}
		}
		return fakes.Exit(3, "")
	})
	const failed = agentapi.OutcomeFailed
	in := stage(rec, "start")
	out, err := w.Acts.Agents.RunStage(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, agents.Outcomes{failed, agentapi.OutcomeSucceeded, failed, failed, agentapi.OutcomeUnknown, agentapi.OutcomeOpen}, out.Outcomes)
	require.Contains(t, world.JSON(t, out), `"outcomes":"x.xx?-"`)
	require.Equal(t, 5, out.Failed)
	require.Equal(t, fault.OutcomeUnknown, out.Failures[0].Type)
	require.Equal(t, "a/5", out.Failures[0].Node)

	w.Agents.Broken = map[string]bool{}
	in.Nodes = []string{rec.Nodes[0].ID, rec.Nodes[4].ID}
	in.Attempts = map[string]int{rec.Nodes[0].ID: 1, rec.Nodes[4].ID: 1}
	out, err = w.Acts.Agents.RunStage(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, agents.StageResult{}, out)
}

func TestStageKeepsSecretsOutOfEverything(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(1)
	w.Agents.On("start", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		return fakes.Exit(1, "logging in with "+world.Secret+"\n")
	})
	out, err := w.Acts.Agents.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Equal(t, "logging in with ******\n", out.Failures[0].Output)

	// The node's answer may fail in words that repeat the command's.
	failing := &faulty{Agents: w.Agents, run: func() (agentapi.CommandStatus, error) {
		return agentapi.CommandStatus{}, fault.New(fault.Internal, "cannot run login --password=%s", world.Secret)
	}}
	w.Deps.Agents = failing
	out, err = activities.New(w.Deps).Agents.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.NotContains(t, world.JSON(t, out), world.Secret)
	require.Contains(t, out.Failures[0].Message, "--password=******")
}

// The output's tail may begin in the middle of a world.Secret.
func TestStageRedactsASecretThatIsCutOff(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(1)
	w.Agents.On("start", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		st := fakes.Exit(1, world.Secret[4:]+"\nrefused\n")
		st.Truncated = true
		return st
	})
	out, err := w.Acts.Agents.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Equal(t, "******\nrefused\n", out.Failures[0].Output)
}

// faulty agents answer as told.
type faulty struct {
	activities.Agents
	run func() (agentapi.CommandStatus, error)
}

func (f *faulty) Run(context.Context, lifecycle.Node, string, agentapi.Command, agentapi.Watch) (agentapi.CommandStatus, error) {
	return f.run()
}

func TestStageResultIsBounded(t *testing.T) {
	t.Parallel()
	const n = 250
	w := world.New(t)
	rec := w.Running(n)
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
			deps := w.Deps
			deps.Agents = &faulty{Agents: w.Agents, run: answer}
			out, err := activities.New(deps).Agents.RunStage(t.Context(), stage(rec, "start"))
			require.NoError(t, err)
			require.Equal(t, n, out.Failed)
			require.NotEmpty(t, out.Failures)
			require.LessOrEqual(t, len(out.Failures), 3)
			require.LessOrEqual(t, len(world.JSON(t, out)), world.ResultLimit)
			for _, f := range out.Failures {
				require.LessOrEqual(t, len(f.Output), agentapi.OutputTail)
				if f.ExitCode == 1 {
					require.True(t, strings.HasSuffix(f.Output, "end"), "the end has the reason")
				}
			}
		})
	}
}

func TestStageKeepsTokens(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(3)
	w.Agents.On(lifecycle.ServiceCustomMetadata, func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		if e.Node.SID == 2 {
			return fakes.Exit(1, "no token")
		}
		return fakes.Exit(0, fmt.Sprintf("token %d\n", e.Node.SID))
	})
	out, err := w.Acts.Agents.RunStage(t.Context(), stage(rec, lifecycle.ServiceCustomMetadata))
	require.NoError(t, err)
	require.Equal(t, 1, out.Failed)
	var tokens []string
	for _, n := range w.Record().Nodes {
		tokens = append(tokens, n.Token)
	}
	require.Equal(t, []string{"token 1", "", "token 3"}, tokens)
}

// runStage runs a stage as a worker does, its context ended by cause once all commands run.
func runStage(t *testing.T, w *world.World, in agents.StageInput, cause error, begun <-chan struct{}) error {
	t.Helper()
	env := world.Environment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&world.EndingLater{Cause: cause, When: begun}, activities.Faults()}})
	env.RegisterActivityWithOptions(w.Acts.Agents.RunStage, activity.RegisterOptions{Name: activities.RunStage})
	_, err := env.ExecuteActivity(activities.RunStage, in)
	return err
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
			w := world.New(t)
			rec := w.Running(n)
			together, goOn := world.NewGate(n), make(chan struct{})
			w.Agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
				together.Meet(ctx)
				select {
				case <-ctx.Done():
				case <-goOn:
				}
				return fakes.Exit(0, "")
			})
			in := stage(rec, "start")
			err := runStage(t, w, in, c.cause, together.Open)
			require.Equal(t, c.killed, temporal.IsCanceledError(err), "%v", err)
			require.Equal(t, c.killed, detail(err) == agents.CommandsEnded)
			if !c.killed {
				app, _ := world.Application(t, err)
				require.Equal(t, string(fault.Unreachable), app.Type())
				require.False(t, app.NonRetryable())
			}
			close(goOn)
			out, err := w.Acts.Agents.RunStage(t.Context(), in)
			require.NoError(t, err)
			require.Len(t, w.Agents.Ran(), n, "attached, not run again")
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
	w := world.New(t)
	rec := w.Running(2)
	in := stage(rec, "start")
	require.NoError(t, w.Acts.Agents.EndCommands(t.Context(), in), "nothing has begun")
	together := world.NewGate(2)
	w.Agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.Meet(ctx)
		<-ctx.Done()
		return fakes.Exit(0, "")
	})
	require.Error(t, runStage(t, w, in, worker.ErrWorkerShutdown, together.Open))
	require.NoError(t, w.Acts.Agents.EndCommands(t.Context(), in))
	out, err := w.Acts.Agents.RunStage(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, w.Agents.Ran(), 2, "attached, not run again")
	require.Equal(t, 2, out.Failed)
	require.Contains(t, out.Failures[0].Message, "cancelled")
}

// A stage that cannot reach a node does not say that it has ended its command there.
func TestACancelledStageSaysWhatItEnded(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	in := stage(rec, "start")
	together, dark := world.NewGate(2), make(chan struct{})
	w.Agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.Meet(ctx)
		<-ctx.Done()
		return fakes.Exit(0, "")
	})
	go func() {
		<-together.Open
		w.Agents.Silence(rec.Nodes[0].ID)
		close(dark)
	}()
	err := runStage(t, w, in, temporal.NewCanceledError(), dark)
	require.True(t, temporal.IsCanceledError(err), err)
	require.Empty(t, detail(err))
	err = w.Acts.Agents.EndCommands(t.Context(), in)
	require.True(t, fault.Is(err, fault.Unreachable), err)
	require.ErrorContains(t, err, rec.Nodes[0].ID)
}

func TestStageLetsGoWhenTheWorkerBeginsToStop(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	together, goOn, stopping := world.NewGate(2), make(chan struct{}), make(chan struct{})
	w.Agents.On("start", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		together.Meet(ctx)
		<-goOn
		return fakes.Exit(0, "")
	})
	env := world.Environment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Faults()}})
	env.SetWorkerStopChannel(stopping)
	env.RegisterActivityWithOptions(w.Acts.Agents.RunStage, activity.RegisterOptions{Name: activities.RunStage})
	go func() {
		<-together.Open
		close(stopping)
	}()
	_, err := env.ExecuteActivity(activities.RunStage, stage(rec, "start"))
	app, f := world.Application(t, err)
	require.Equal(t, string(fault.Unreachable), app.Type())
	require.False(t, app.NonRetryable())
	require.Contains(t, f.Message, "commands continue on their nodes")
	close(goOn)
	out, err := w.Acts.Agents.RunStage(t.Context(), stage(rec, "start"))
	require.NoError(t, err)
	require.Zero(t, out.Failed)
	require.Len(t, w.Agents.Ran(), 2)
}

func TestStageOfAServiceNobodyDefines(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(1)
	out, err := w.Acts.Agents.RunStage(t.Context(), stage(rec, "no-such"))
	require.NoError(t, err)
	require.Equal(t, fault.Internal, out.Failures[0].Type)
	require.Empty(t, w.Agents.Ran())
	_, err = w.Acts.Agents.RunStage(t.Context(), agents.StageInput{ClusterID: "cl-unknown0"})
	w.RequireFault(fault.NotFound, err)
}

// An attempt that was held up comes to its commands when a later operation already runs, perhaps on new machines whose
// journals know nothing of what another attempt ran.
func TestNoCommandsOfAnOperationThatIsOver(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	w.Ended(lifecycle.Active)
	_, err := w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: world.ClusterID, RunID: "run-2", Type: api.StopCluster})
	require.NoError(t, err)
	_, err = w.Acts.Agents.RunStage(t.Context(), stage(rec, "start"))
	w.RequireFault(fault.Conflict, err)
	_, err = w.Acts.Agents.AskNodes(t.Context(), agents.AskInput{ClusterID: world.ClusterID, RunID: "run-1", Seq: 1, Step: "SV2", Role: "node", Service: "start", Nodes: world.IDs(rec)})
	w.RequireFault(fault.Conflict, err)
	require.Empty(t, w.Agents.Ran())

	now := stage(rec, "start")
	now.Seq, now.RunID = 2, "run-2"
	_, err = w.Acts.Agents.RunStage(t.Context(), now)
	require.NoError(t, err)
	require.Len(t, w.Agents.Ran(), 2)
}

func TestStageBeginsNothingThatTheServerGaveUp(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	close(over)
	for name, tc := range map[string]struct {
		answer error
		ended  error // the activity's context, and why; the SDK does that at the next heartbeat
		ran    int
	}{
		"it continues": {answer: nil, ran: 3},
		"given up":     {answer: serviceerror.NewNotFound("no such task"), ended: errors.New("given up")},
		"cancelled":    {answer: temporal.NewCanceledError(), ended: temporal.NewCanceledError()},
		"no answer":    {answer: serviceerror.NewUnavailable("restarting")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world.New(t)
			rec := w.Running(3)
			asked := &world.Server{Answers: []error{tc.answer}}
			w.Deps.Temporal = asked
			env := world.Environment()
			interceptors := []interceptor.WorkerInterceptor{activities.Faults()}
			if tc.ended != nil {
				interceptors = append([]interceptor.WorkerInterceptor{&world.EndingLater{Cause: tc.ended, When: over}}, interceptors...)
			}
			env.SetWorkerOptions(worker.Options{Interceptors: interceptors})
			env.RegisterActivityWithOptions(activities.New(w.Deps).Agents.RunStage, activity.RegisterOptions{Name: activities.RunStage})
			value, err := env.ExecuteActivity(activities.RunStage, stage(rec, "start"))
			require.Len(t, w.Agents.Ran(), tc.ran)
			require.Positive(t, asked.Asked.Load())
			if tc.ended != nil {
				require.Error(t, err)
				return
			}
			var out agents.StageResult
			require.NoError(t, err)
			require.NoError(t, value.Get(&out))
			if tc.ran == 0 {
				// The real agents ask again for as long as they endure a node that does not answer.
				require.Equal(t, `"---"`, world.JSON(t, out.Outcomes))
			}
		})
	}
}

func TestOutcomesOfNodesAreLettersInJSON(t *testing.T) {
	t.Parallel()
	all := agents.Outcomes{agentapi.OutcomeOpen, agentapi.OutcomeSucceeded, agentapi.OutcomeUnknown, agentapi.OutcomeFailed}
	require.Equal(t, `"-.?x"`, world.JSON(t, all))
	var again agents.Outcomes
	require.NoError(t, json.Unmarshal([]byte(`"-.?x"`), &again))
	require.Equal(t, all, again)
	require.ErrorContains(t, json.Unmarshal([]byte(`".z"`), &again), `letter 'z' of node 2 is unknown`)
	_, err := json.Marshal(agents.Outcomes{"lost"})
	require.ErrorContains(t, err, `outcome "lost" of node 1 has no letter`)
}
