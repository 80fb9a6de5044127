package client

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"drover/workflows/api"
)

func TestLiveSaysWhereARunningOperationIs(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "2", "1"), nil).Once()
	answers(t, c, &api.Progress{
		State: api.OpHeld, Held: &api.Held{Since: now},
		Steps: []api.Step{{ID: "CC4", Words: "init, order 0", State: api.StepHeld}},
	})
	list := []api.ClusterView{
		{ClusterID: cluster, Operation: api.OperationView{Type: api.CreateCluster, State: StateRunning, RunID: "1"}},
		{ClusterID: "cl-00000000", Operation: api.OperationView{Type: api.CreateCluster, State: StateSucceeded}}, // is not asked
	}
	s.Live(t.Context(), list)
	require.Equal(t, api.OperationView{
		Type: api.CreateCluster, State: StateHeld, RunID: "1", Step: "CC4 init, order 0", Since: "2026-03-04T05:06:07Z",
	}, list[0].Operation)
	require.Equal(t, StateSucceeded, list[1].Operation.State)
}
