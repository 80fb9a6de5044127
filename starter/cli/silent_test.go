package cli

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// A worker that died stays listed as poller for minutes: the counter lists one and nothing answers.

func (c *counter) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if c.runs == "" {
		return nil, serviceerror.NewNotFound("")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{
		Execution: &common.WorkflowExecution{WorkflowId: id, RunId: "run-1"}, Type: &common.WorkflowType{Name: c.runs},
		Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING, StartTime: timestamppb.New(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)),
	}}, nil
}

func (c *counter) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, serviceerror.NewDeadlineExceeded("no poller")
}

func TestStatusDoesNotWaitLongForAWorkerThatDied(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		want time.Duration
	}{
		"by itself":    {nil, 5 * time.Second},
		"when told so": {[]string{"--timeout", "20s"}, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counter{runs: api.AddNodes, answers: map[string]any{api.DescribeCluster: nil}}
			got := ask(t, c, "", append([]string{"status", known}, tt.args...)...)
			require.Equal(t, exitUnreachable, got.code)
			require.Equal(t, tt.want, c.options.WorkflowExecutionTimeout)
			require.Contains(t, got.stdout.String(), "Running operation:\nAddNodes "+known)
			require.Contains(t, got.stdout.String(), "no worker responds; the operation resumes when a worker returns")
			require.Contains(t, got.stdout.String(), "since 2026-03-04T05:06:07Z; follow it with: drover watch "+known)
			require.Contains(t, got.stderr.String(), "no worker answered DescribeCluster within "+tt.want.String())
		})
	}
	c := &counter{runs: api.AddNodes, answers: map[string]any{api.DescribeCluster: nil}}
	got := ask(t, c, "", "status", known, "-o", "json")
	require.Equal(t, api.AddNodes, decoded[statusValue](t, got.stdout.String()).Operation.Type)

	c = &counter{answers: map[string]any{api.ListClusters: nil}}
	ask(t, c, "", "list")
	require.Equal(t, 30*time.Second, c.options.WorkflowExecutionTimeout, "other reads wait as --timeout says")
}

func TestResultsSayWhatTheOperationLeft(t *testing.T) {
	t.Parallel()
	shown := func(op client.Operation) string {
		var out buffer
		require.NoError(t, (&output.Printer{Stdout: &out, Format: output.Text}).Print(result(&op)))
		return out.String()
	}
	r := api.OperationResult{
		ClusterID: known, Operation: api.DeleteNodes, ClusterState: "active", Nodes: 2, Revision: 7,
		Warnings: []api.Warning{{Step: "DN12", Node: "etcd_node/1", Message: "reload failed"}, {Message: "look at it"}},
		Orphans:  []string{"local volume vol-1: busy"},
	}
	want := "cluster   " + known + "\nstate     active\nnodes     2\nrevision  7\norphans   local volume vol-1: busy\n"
	require.Equal(t, want+"\n! DN12 etcd_node/1: reload failed\n! look at it\n", shown(client.Operation{Result: &r}))
	require.Equal(t, want, shown(client.Operation{Result: &r, Progress: &api.Progress{}}), "the view has shown the warnings")

	r = api.OperationResult{ClusterID: known, Operation: api.StopCluster, Plan: &api.Plan{}, Warnings: r.Warnings[:1]}
	require.Contains(t, shown(client.Operation{Result: &r}), "Nothing was changed.\n! DN12 etcd_node/1: reload failed\n")
}
