package chaos

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	"drover/activities"
	"drover/fault"
)

// Failing is a way in which an activity fails without a retry.
type Failing string

// The ways.
const (
	FailsBefore  Failing = "before its effect"
	FailsAfter   Failing = "after its effect"
	CommandsFail Failing = "its commands"
	Cancelled    Failing = "cancelled"
)

// mishap makes one activity of an operation fail: the one with a number, counted from 1 in the order in which the
// operation schedules them.
type mishap struct {
	number int
	how    func(activity string) Failing
	cancel func()

	mu       sync.Mutex
	activity string // "4-RunStage", once it is scheduled
	summary  string
	last     string // the activity that was scheduled last
	way      Failing
}

// scheduled receives every activity of the operation, again when the server did not accept it.
func (m *mishap) scheduled(e event) {
	number, name, _ := strings.Cut(e.activity, "-")
	n, _ := strconv.Atoi(number)
	m.mu.Lock()
	m.last = e.activity
	if n != m.number || m.activity != "" || lastWord(e) {
		m.mu.Unlock()
		return
	}
	m.activity, m.summary, m.way = e.activity, e.summary, m.how(name)
	cancel := m.way == Cancelled
	m.mu.Unlock()
	if cancel {
		m.cancel()
	}
}

// lastWord reports the activity in which an operation records its end. Its failure is not undone: the next operation
// detects it.
func lastWord(e event) bool {
	return strings.HasSuffix(e.activity, "-"+activities.EndOperation) && !strings.HasSuffix(e.summary, "running")
}

// happened is the failed activity; "" when the operation has none with the number.
func (m *mishap) happened() (activity, summary string, way Failing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.activity, m.summary, m.way
}

func (m *mishap) is(activity string, way Failing) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.activity != "" && activity == m.activity && m.way == way
}

// commandsFail reports whether commands that run now belong to the activity, and fail.
func (m *mishap) commandsFail() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.way == CommandsFail && m.activity != "" && m.last == m.activity
}

// mishap returns the mishap of a workflow; nil when it has none.
func (r *relay) mishap(workflow string) *mishap {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mishaps[workflow]
}

// disturb sets the mishap of a workflow; nil removes it.
func (r *relay) disturb(workflow string, m *mishap) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mishaps[workflow] = m
}

// instead replaces the completion of an activity that must fail: it reports a failure to the server.
func (r *relay) instead(ctx context.Context, req any) (answer any, done bool, err error) {
	end, ok := req.(*workflowservice.RespondActivityTaskCompletedRequest)
	if !ok {
		return nil, false, nil
	}
	r.mu.Lock()
	e := r.activities[string(end.TaskToken)]
	r.mu.Unlock()
	if m := r.mishap(e.workflow); m == nil || !m.is(e.activity, FailsAfter) {
		return nil, false, nil
	}
	return &workflowservice.RespondActivityTaskCompletedResponse{}, true, r.fail(ctx, end.TaskToken, end.Namespace)
}

// withhold removes activities that must fail before their effect from the server's answers to a worker.
func (r *relay) withhold(ctx context.Context, req, answer any) error {
	doomed := func(a *workflowservice.PollActivityTaskQueueResponse) bool {
		m := r.mishap(a.GetWorkflowExecution().GetWorkflowId())
		return m != nil && m.is(a.ActivityId, FailsBefore)
	}
	switch a := answer.(type) {
	case *workflowservice.PollActivityTaskQueueResponse:
		if !doomed(a) {
			return nil
		}
		token := a.TaskToken
		proto.Reset(a)
		return r.fail(ctx, token, req.(*workflowservice.PollActivityTaskQueueRequest).Namespace)
	case *workflowservice.RespondWorkflowTaskCompletedResponse:
		var kept []*workflowservice.PollActivityTaskQueueResponse
		for _, task := range a.ActivityTasks {
			if !doomed(task) {
				kept = append(kept, task)
				continue
			}
			if err := r.fail(ctx, task.TaskToken, req.(*workflowservice.RespondWorkflowTaskCompletedRequest).Namespace); err != nil {
				return err
			}
		}
		a.ActivityTasks = kept
	}
	return nil
}

// fail reports to the server that an activity failed and is not retryable.
func (r *relay) fail(ctx context.Context, token []byte, namespace string) error {
	_, err := workflowservice.NewWorkflowServiceClient(r.conn).RespondActivityTaskFailed(ctx, &workflowservice.RespondActivityTaskFailedRequest{
		TaskToken: token, Namespace: namespace, Identity: "chaos", Failure: injected(),
	})
	return err
}

func injected() *failure.Failure {
	f := fault.New(fault.Internal, "injected")
	f.Retryable = false
	return temporal.GetDefaultFailureConverter().ErrorToFailure(activities.ToTemporal(f))
}
