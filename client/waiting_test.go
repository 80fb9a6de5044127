package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"drover/fault"
	"drover/workflows/api"
)

func TestWaitingNamesStepNodesAndWhatComes(t *testing.T) {
	t.Parallel()
	since, deadline := now.Add(-time.Minute), now.Add(time.Minute)
	running := api.Step{ID: "CC4", Words: "init, order 0", State: api.StepRunning, StartedAt: since, Deadline: deadline, Nodes: 3, ActivityIDs: []string{"7", "8"}}
	done := api.Step{ID: "CC3", Words: "start the agent", State: api.StepDone}
	pending := api.Step{ID: "CC4", Words: "start, order 0", State: api.StepPending}
	held := running
	held.State, held.ActivityIDs, held.Deadline = api.StepHeld, nil, time.Time{}
	nodes := []api.BeatNode{{Node: "a/2 cln-2", Since: since, Command: "cl-x.1.CC4.init.cln-2", LastLine: "working"}, {Node: "a/3 cln-3", Since: now}}
	activities := map[string]Activity{
		"7": {Name: "RunStage", Attempt: 1, Beat: api.Beat{Done: 1, Total: 2, Waiting: nodes[1:]}},
		"8": {Name: "RunStage", Attempt: 3, LastFailure: "connection refused", NextAttemptAt: deadline, Beat: api.Beat{Total: 1, Waiting: nodes[:1]}},
	}
	undoes := []string{"release the resources", "deregister"}
	ends := "stops the running commands, then: release the resources; deregister"
	for name, tt := range map[string]struct {
		p    api.Progress
		want *Waiting
	}{
		"a step under retry": {
			api.Progress{State: api.OpRunning, Steps: []api.Step{done, running, pending}, Undoes: undoes},
			&Waiting{
				Step: "CC4", Words: "init, order 0", State: api.StepRunning, Since: since, Deadline: deadline, Done: 1, Total: 3, Nodes: nodes,
				Retries: []Retry{{Activity: "RunStage", Attempt: 3, LastFailure: "connection refused", NextAttemptAt: deadline}},
				Next:    "attempt 3 at 05:07:07 UTC", Cancel: ends,
			},
		},
		"held": {
			api.Progress{State: api.OpHeld, Steps: []api.Step{done, held, pending}, Undoes: undoes, Held: &api.Held{Step: "CC4", Since: now}},
			&Waiting{
				Step: "CC4", Words: "init, order 0", State: api.StepHeld, Since: now, Total: 3, Held: &api.Held{Step: "CC4", Since: now},
				Next: "a decision: drover resolve " + cluster + " --retry, --skip or --abort", Cancel: ends,
			},
		},
		"undoing": {
			api.Progress{State: api.OpUndoing, Steps: []api.Step{done}, Undo: []api.Step{done, {ID: "CC1", Words: "release", State: api.StepRunning, StartedAt: since}}},
			&Waiting{
				Step: "CC1", Words: "release", State: api.StepRunning, Undo: true, Since: since,
				Next: "the rest of the undo, then the operation ends", Cancel: "has no effect: the operation is already being undone",
			},
		},
		"between steps, before the point of no return": {
			api.Progress{State: api.OpRunning, StartedAt: since, Steps: []api.Step{done, pending}, NoReturn: &api.Point{Step: "DC8", Why: "why"}},
			&Waiting{State: api.OpRunning, Since: since, Next: "CC4 start, order 0", Cancel: "stops the running commands. Possible until step DC8"},
		},
		"after the point of no return": {
			api.Progress{State: api.OpRunning, StartedAt: since, NoReturn: &api.Point{Step: "DC8", Why: "resources are gone", PassedAt: now}},
			&Waiting{State: api.OpRunning, Since: since, Next: "the operation ends", Cancel: "is refused since 05:06:07 UTC, step DC8: resources are gone"},
		},
		"what was done stays": {
			api.Progress{State: api.OpRunning, StartedAt: since, Stays: &api.Point{Step: "AN6", Why: "new nodes stay", PassedAt: now}},
			&Waiting{State: api.OpRunning, Since: since, Next: "the operation ends", Cancel: "stops the running commands. Completed work is kept: new nodes stay"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := Operation{ClusterID: cluster, State: StateRunning, Progress: &tt.p, Activities: activities}
			op.adopt()
			require.Equal(t, tt.want, op.Waiting)
		})
	}
	require.Nil(t, (&Operation{State: StateRunning}).wait(), "no worker told")
	require.Nil(t, (&Operation{State: StateFailed, Progress: &api.Progress{}}).wait(), "it has ended")
}

func TestCurrentReadsWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	answer := described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "run-1", "run-1")
	beat, err := converter.GetDefaultDataConverter().ToPayloads(api.Beat{Done: 1, Total: 2})
	require.NoError(t, err)
	answer.PendingActivities = []*workflow.PendingActivityInfo{{
		ActivityId: "7", ActivityType: &common.ActivityType{Name: "Publish"}, Attempt: 4, HeartbeatDetails: beat,
		LastFailure: &failure.Failure{Message: "Consul is away"}, NextAttemptScheduleTime: timestamppb.New(now.Add(time.Second)),
	}}
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").Return(answer, nil).Once()
	answers(t, c, &api.Progress{State: api.OpRunning, Steps: []api.Step{{ID: "CC2", State: api.StepRunning, StartedAt: now, ActivityIDs: []string{"7"}}}})
	op, err := s.Current(t.Context(), cluster)
	require.NoError(t, err)
	require.Equal(t, []Retry{{Activity: "Publish", Attempt: 4, LastFailure: "Consul is away", NextAttemptAt: now.Add(time.Second)}}, op.Waiting.Retries)
	require.Equal(t, "attempt 4 at 05:06:08 UTC", op.Waiting.Next)
}

func TestCancelIsRefusedAfterThePointOfNoReturn(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "run-1", "run-1"), nil).Once()
	answers(t, c, &api.Progress{State: api.OpRunning, NoReturn: &api.Point{Step: "DC8", Why: "resources are being released", PassedAt: now}})
	_, err := s.Cancel(t.Context(), cluster) // the mock refuses CancelWorkflow
	require.True(t, fault.Is(err, fault.NotAllowed))
	require.ErrorContains(t, err, "point of no return, step DC8, at 05:06:07 UTC: resources are being released")
	require.NotContains(t, fault.As(err).Hint, "drover cancel")
}

func TestWaysFitTheState(t *testing.T) {
	t.Parallel()
	const watch, cancel = "follow it with: drover watch " + cluster, "; end it with: drover cancel " + cluster
	passed := &api.Progress{NoReturn: &api.Point{PassedAt: now}}
	for name, tt := range map[string]struct {
		op   Operation
		want string
	}{
		"running":      {Operation{State: StateRunning}, watch + cancel},
		"held":         {Operation{State: StateHeld}, watch + "; resolve it with: drover resolve " + cluster + " --retry, --skip or --abort" + cancel},
		"undoing":      {Operation{State: StateUndoing}, watch},
		"no return":    {Operation{State: StateRunning, Progress: passed}, watch},
		"before it":    {Operation{State: StateRunning, Progress: &api.Progress{NoReturn: &api.Point{}}}, watch + cancel},
		"without one ": {Operation{State: StateRunning, Progress: &api.Progress{}}, watch + cancel},
	} {
		tt.op.ClusterID = cluster
		require.Equal(t, tt.want, tt.op.ways(), name)
	}
}
