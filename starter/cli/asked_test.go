package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

// counter is a Temporal that writes down what it is asked to start. Reads are answered; operations are refused once
// they are written down, so that a command ends. Whatever else is called is a nil pointer.
type counter struct {
	client.Client
	runs    string         // the operation of every cluster that runs, and of which no worker says a word; "": none
	answers map[string]any // by workflow type; nil: no answer in time

	reads     []string
	asked     any // input of the last read
	options   client.StartWorkflowOptions
	operation string
	input     string
}

func (c *counter) Close() {}

func (c *counter) DescribeTaskQueue(context.Context, string, enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{{}}}, nil
}

func (c *counter) ExecuteWorkflow(_ context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	name := workflow.(string)
	c.options = options
	if answer, isRead := c.answers[name]; isRead {
		c.reads, c.asked = append(c.reads, name), args[0]
		return answered{answer: answer}, nil
	}
	payload, err := converter.GetDefaultDataConverter().ToPayload(args[0])
	if err != nil {
		return nil, err
	}
	c.operation, c.input = name, string(payload.GetData())
	return nil, serviceerror.NewPermissionDenied("written down", "")
}

// answered is the run of a read.
type answered struct {
	client.WorkflowRun
	answer any
}

func (r answered) Get(_ context.Context, into any) error {
	if r.answer == nil {
		return serviceerror.NewDeadlineExceeded("no poller")
	}
	if f, ok := r.answer.(*fault.Fault); ok {
		return temporal.NewNonRetryableApplicationError(f.Message, string(f.Type), nil, *f)
	}
	text, err := json.Marshal(r.answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// cluster of the tests and the applications there are.
const known = "cl-a1b2c3d4"

func answering(version string) map[string]any {
	return map[string]any{
		api.DescribeCluster: api.ClusterView{ClusterID: known, App: "etcd", Version: version, Nodes: []api.NodeView{
			{NodeID: "cln-00000001", Role: "etcd_node", SID: 1, IP: "10.0.0.1"}, {NodeID: "cln-00000002", Role: "etcd_node", SID: 2, IP: "10.0.0.2"},
		}},
		api.ListApps: api.AppList{Apps: []api.AppView{
			{App: "etcd", Version: "one", Roles: []string{"etcd_node", "etcd_node-replica"}},
			{App: "etcd", Version: "two", Roles: []string{"etcd_node", "proxy"}},
			{App: "etcd", Version: "none", Roles: []string{""}},
			{App: "etcd", Version: "bad", Roles: []string{""}, Yanked: "2026-01-02T03:04:05Z"},
			{App: "other", Version: "3", Roles: []string{"x"}},
		}},
	}
}

// ask runs a command line against a counter.
func ask(t *testing.T, c *counter, stdin string, args ...string) *call {
	t.Helper()
	cmd := &call{}
	cmd.System = System{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &cmd.stdout, Stderr: &cmd.stderr,
		Environ:      []string{"TEMPORAL_CONFIG_FILE=/dev/null"},
		Terminal:     func(any) (int, int, bool) { return 0, 0, false },
		NewClusterID: func() string { return "cl-new00001" },
		Dial: func(context.Context, client.Options, time.Duration) (client.Client, error) {
			return c, nil
		},
	}
	cmd.run(t.Context())
	cmd.matches(t)
	return cmd
}
