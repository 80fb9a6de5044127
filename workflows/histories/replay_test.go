package histories

import (
	"log/slog"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/workflows"
	"drover/workflows/api"
)

// TestReplay runs today's workflow code over every recording. It fails when the code would command anything else than
// what was commanded then.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		t.Run(s.name(), func(t *testing.T) {
			t.Parallel()
			history := load(t, s)
			s.check(t, history)
			require.NoError(t, replay(history, registered))
		})
	}
}

// TestRecordingsAreComplete wants exactly the files of the table: a folder that was emptied, or a scenario that was not
// recorded, fails.
func TestRecordingsAreComplete(t *testing.T) {
	t.Parallel()
	var want []string
	for _, s := range scenarios() {
		want = append(want, s.name()+".json")
	}
	require.ElementsMatch(t, want, recorded(t), "record again: go test ./workflows/histories -run TestRecord -record")
	require.Len(t, want, 153, "the table lost or won a line")
}

// fewer are the operations that are not recorded in every flavour: CeaseCluster is DC8 of DeleteCluster, which is.
var fewer = map[string][]string{api.CeaseCluster: {happy, "refused"}}

// TestEveryWorkflowIsRecorded wants every registered workflow in its flavours.
func TestEveryWorkflowIsRecorded(t *testing.T) {
	t.Parallel()
	have := map[string][]string{}
	for _, s := range scenarios() {
		have[s.operation] = append(have[s.operation], s.flavour)
	}
	names := &nameList{}
	workflows.RegisterWorkflows(names)
	require.Len(t, names.all, 44)
	for _, name := range names.all {
		want := []string{happy, failed, cancelled, midflight}
		if isRead(name) {
			want = []string{happy, failed}
		}
		if few, ok := fewer[name]; ok {
			want = few
		}
		require.Subset(t, have[name], want, name)
	}
}

// TestReplayNoticesOtherActivity is what makes the others worth something: a recording in which one activity had been
// another one, or had been given another input, does not fit today's code. The first, a middle and the last one are tried.
func TestReplayNoticesOtherActivity(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		t.Run(s.name(), func(t *testing.T) {
			t.Parallel()
			places := scheduled(load(t, s))
			if len(places) == 0 {
				require.Equal(t, failed, s.flavour)
				return // refused before anything was done
			}
			for _, at := range []int{places[0], places[len(places)/2], places[len(places)-1]} {
				history := load(t, s)
				history.Events[at].GetActivityTaskScheduledEventAttributes().ActivityType.Name = "Another"
				require.ErrorContains(t, replay(history, registered), "TMPRL1100", "event %d", at+1)

				history = load(t, s)
				history.Events[at].GetActivityTaskScheduledEventAttributes().Input.Payloads[0].Data = []byte(`{"other": true}`)
				require.ErrorContains(t, replay(history, registered), `was given {"other": true}`, "event %d", at+1)
			}
		})
	}
}

// TestReplayNoticesOtherCode replays recordings under code that has one command more, one less, or other ones.
func TestReplayNoticesOtherCode(t *testing.T) {
	t.Parallel()
	for name, changed := range map[string]any{
		"waits first": func(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
			if err := workflow.Sleep(ctx, 1); err != nil {
				return api.OperationResult{}, err
			}
			return workflows.Workflow(api.RestartCluster)(ctx, raw)
		},
		"does nothing": func(workflow.Context, converter.RawValue) (api.OperationResult, error) {
			return api.OperationResult{}, nil
		},
		"is another": workflows.Workflow(api.StopCluster),
	} {
		for _, flavour := range []string{happy, failed, cancelled, midflight} {
			t.Run(name+"/"+flavour, func(t *testing.T) {
				t.Parallel()
				history := load(t, scenario{operation: api.RestartCluster, flavour: flavour})
				require.Error(t, replay(history, func(r worker.WorkflowRegistry) {
					r.RegisterWorkflowWithOptions(changed, workflow.RegisterOptions{Name: api.RestartCluster})
				}))
			})
		}
	}
}

// registered is what a worker serves.
func registered(r worker.WorkflowRegistry) { workflows.RegisterWorkflows(r) }

// replay runs workflow code over a history and compares what it commands, inputs of activities included. It does so under the workflow's own id: operations look at it.
func replay(history *historypb.History, register func(worker.WorkflowRegistry)) error {
	given := &orders{inputs: map[string][]byte{}}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DisableRegistrationAliasing: true, Interceptors: []interceptor.WorkerInterceptor{given},
	})
	if err != nil {
		return err
	}
	register(replayer)
	began := history.Events[0].GetWorkflowExecutionStartedEventAttributes()
	if err := replayer.ReplayWorkflowHistoryWithOptions(tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)), history,
		worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: began.WorkflowId, RunID: began.OriginalExecutionRunId}}); err != nil {
		return err
	}
	return given.compare(history)
}

// check asserts that a history is of what the table says it is of.
func (s scenario) check(t *testing.T, history *historypb.History) {
	t.Helper()
	require.NotEmpty(t, history.Events)
	began := history.Events[0].GetWorkflowExecutionStartedEventAttributes()
	require.Equal(t, s.operation, began.GetWorkflowType().GetName())
	last := history.Events[len(history.Events)-1]
	updates := 0
	for _, e := range history.Events {
		if e.EventType == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED {
			updates++
		}
	}
	require.Len(t, s.words, updates)
	if s.ends != open {
		require.Equal(t, s.ends, last.EventType)
		if s.ends == failure {
			require.Contains(t, message(last.GetWorkflowExecutionFailedEventAttributes().GetFailure()), s.mishap.says)
		}
		return
	}
	ended := 0
	for _, e := range history.Events {
		switch e.EventType {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED, enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
			ended++
		case completed, failure, canceled:
			require.Fail(t, "the workflow is not open")
		}
	}
	if s.words != nil {
		require.Len(t, scheduled(history), ended, "nothing runs while an operation is held")
		return
	}
	require.Greater(t, len(scheduled(history)), ended, "no activity runs")
}

// message is all of what a failure says.
func message(f *failurepb.Failure) string {
	if f == nil {
		return ""
	}
	return f.Message + " " + message(f.Cause)
}

// scheduled are the places of events that schedule activities.
func scheduled(history *historypb.History) []int {
	var at []int
	for i, e := range history.Events {
		if e.EventType == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			at = append(at, i)
		}
	}
	return at
}

func load(t *testing.T, s scenario) *historypb.History {
	t.Helper()
	data, err := os.ReadFile(s.file())
	require.NoError(t, err)
	return read(t, data)
}

// nameList notes what is registered.
type nameList struct {
	worker.WorkflowRegistry
	all []string
}

func (n *nameList) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	n.all = append(n.all, o.Name)
	slices.Sort(n.all)
}
