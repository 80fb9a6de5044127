package chaos

import (
	"context"
	"net"
	"sync"
	"time"

	"go.temporal.io/api/command/v1"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
)

// Phase is a point in the life of an activity.
type Phase string

// The phases, in their order.
const (
	Before  Phase = "before" // the worker has scheduled it, the server does not know yet
	Command Phase = "during" // its commands run on nodes
	After   Phase = "after"  // the worker has completed it, the server does not know yet
	Any     Phase = "at"     // a share of the operation's time has passed
)

// event is an activity in a request to the server.
type event struct {
	workflow string
	activity string // "4-RunStage"
	summary  string // as shown by the Temporal UI; before only
	phase    Phase
}

// relay stands between the worker and the Temporal server.
type relay struct {
	address string
	server  *grpc.Server
	conn    *grpc.ClientConn

	mu         sync.Mutex
	activities map[string]event   // by task token
	workflows  map[string]string  // workflow id by task token
	watch      func(event)        // receives every event before it is forwarded, and may block
	mishaps    map[string]*mishap // by workflow id
}

// maxMessage is the largest message between SDK and server.
const maxMessage = 128 << 20

func startRelay(ctx context.Context, temporal string) (*relay, error) {
	conn, err := grpc.NewClient(temporal, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		// The relay reconnects to a restarted server at once, so that only Drover's own delays are measured.
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{
			BaseDelay: 50 * time.Millisecond, Multiplier: 1.5, MaxDelay: 500 * time.Millisecond,
		}, MinConnectTimeout: time.Second}))
	if err != nil {
		return nil, err
	}
	r := &relay{conn: conn, activities: map[string]event{}, workflows: map[string]string{}, mishaps: map[string]*mishap{}}
	service, err := proxy.NewWorkflowServiceProxyServer(proxy.WorkflowServiceProxyOptions{Client: workflowservice.NewWorkflowServiceClient(conn)})
	if err != nil {
		return nil, err
	}
	r.server = grpc.NewServer(grpc.UnaryInterceptor(r.intercept), grpc.MaxRecvMsgSize(maxMessage))
	workflowservice.RegisterWorkflowServiceServer(r.server, service)
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.address = l.Addr().String()
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

func (r *relay) close() error {
	r.server.Stop()
	return r.conn.Close()
}

// onEvent sets the receiver of events; nil means none.
func (r *relay) onEvent(watch func(event)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watch = watch
}

func (r *relay) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, pass grpc.UnaryHandler) (any, error) {
	for _, e := range r.eventsOf(req) {
		r.mu.Lock()
		watch := r.watch
		r.mu.Unlock()
		if watch != nil {
			watch(e)
		}
		if m := r.mishap(e.workflow); m != nil && e.phase == Before {
			m.scheduled(e)
		}
	}
	// The request of a worker that was killed meanwhile is dropped.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if answer, done, err := r.instead(ctx, req); done {
		return answer, err
	}
	answer, err := pass(ctx, req)
	if err == nil {
		r.learn(answer)
		err = r.withhold(ctx, req, answer)
	}
	return answer, err
}

// eventsOf returns the activities that a request schedules or ends.
func (r *relay) eventsOf(req any) []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch req := req.(type) {
	case *workflowservice.RespondWorkflowTaskCompletedRequest:
		var events []event
		for _, c := range req.Commands {
			if a := c.GetScheduleActivityTaskCommandAttributes(); a != nil {
				events = append(events, event{r.workflows[string(req.TaskToken)], a.ActivityId, summaryOf(c), Before})
			}
		}
		return events
	case *workflowservice.RespondActivityTaskCompletedRequest:
		return r.ends(req.TaskToken)
	case *workflowservice.RespondActivityTaskCanceledRequest:
		return r.ends(req.TaskToken)
	}
	return nil
}

func (r *relay) ends(token []byte) []event {
	if e, ok := r.activities[string(token)]; ok {
		return []event{e}
	}
	return nil
}

func summaryOf(c *command.Command) string {
	var text string
	if p := c.GetUserMetadata().GetSummary(); p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &text)
	}
	return text
}

// learn records the owner of a task token.
func (r *relay) learn(answer any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	workflow := func(token []byte, w *common.WorkflowExecution) {
		if len(token) > 0 {
			r.workflows[string(token)] = w.GetWorkflowId()
		}
	}
	activity := func(a *workflowservice.PollActivityTaskQueueResponse) {
		if len(a.TaskToken) > 0 {
			r.activities[string(a.TaskToken)] = event{a.GetWorkflowExecution().GetWorkflowId(), a.ActivityId, "", After}
		}
	}
	switch a := answer.(type) {
	case *workflowservice.PollWorkflowTaskQueueResponse:
		workflow(a.TaskToken, a.WorkflowExecution)
	case *workflowservice.RespondWorkflowTaskCompletedResponse:
		if a.WorkflowTask != nil {
			workflow(a.WorkflowTask.TaskToken, a.WorkflowTask.WorkflowExecution)
		}
		for _, task := range a.ActivityTasks {
			activity(task)
		}
	case *workflowservice.PollActivityTaskQueueResponse:
		activity(a)
	}
}
