package server

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"

	wire "drover/console/api"
	"drover/workflows/api"
)

// Pages that ask at the same time are answered by one reading; a user who is limited to labels sees those of no other cluster, and
// a list that was cut says how many there are.
func TestConcernsAreReadOnceForAllWhoAsk(t *testing.T) {
	t.Parallel()
	const own = "cl-own00001"
	const well = "cl-well0001"
	s := newSite(t, shown{cluster: {ClusterID: cluster}, well: {ClusterID: well}, own: {ClusterID: own, Labels: map[string]string{"team": "a"}}})
	now := time.Now()
	s.api.Now = func() time.Time { return now }
	list := api.ConcernList{Total: 2, Concerns: []api.Concern{{Kind: "orphan", ClusterID: cluster}, {Kind: "node-gone", ClusterID: own}}}
	run := &mocks.WorkflowRun{}
	run.On("Get", mock.Anything, mock.Anything).Return(nil).Run(func(args mock.Arguments) { *args.Get(1).(*api.ConcernList) = list })
	s.temporal.On("DescribeTaskQueue", mock.Anything, mock.Anything, mock.Anything).
		Return(&workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{{Identity: "worker"}}}, nil)
	s.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, api.ListConcerns, mock.Anything).Return(run, nil)
	limited, err := s.api.Auth.Issue(wire.NewToken{Name: "bob", Role: wire.Viewer, Labels: map[string]string{"team": "a"}}, "test")
	require.NoError(t, err)
	ask := func(token, query string) (kinds []string, total int) {
		answer, text := s.do(t, http.MethodGet, "/v1/concerns"+query, token, "")
		require.Equal(t, http.StatusOK, answer.StatusCode, text)
		var page wire.Page[api.Concern]
		require.NoError(t, json.Unmarshal([]byte(text), &page))
		for _, c := range page.Items {
			kinds = append(kinds, c.Kind)
		}
		return kinds, page.Total
	}
	read := func(times int) {
		t.Helper()
		s.temporal.AssertNumberOfCalls(t, "ExecuteWorkflow", times)
	}

	kinds, total := ask(s.token[wire.Viewer], "")
	require.Equal(t, []string{"orphan", "node-gone"}, kinds)
	require.Equal(t, 2, total)
	for query, want := range map[string][]string{"": {"node-gone"}, "?cluster=" + own: {"node-gone"}} {
		kinds, total = ask(limited.Text, query)
		require.Equal(t, want, kinds)
		require.Equal(t, 1, total)
	}
	kinds, _ = ask(s.token[wire.Viewer], "?cluster="+well)
	require.Empty(t, kinds)
	answer, text := s.do(t, http.MethodGet, "/v1/concerns?cluster=cl-gone0001", s.token[wire.Viewer], "")
	require.Equal(t, http.StatusNotFound, answer.StatusCode, text)
	kinds, _ = ask(s.token[wire.Viewer], "")
	require.Len(t, kinds, 2, "what one user may not see is not taken from others")
	read(1)

	now = now.Add(concernsFor)
	list.Total = 501
	_, total = ask(s.token[wire.Viewer], "")
	require.Equal(t, 501, total)
	read(2)
	kinds, _ = ask(s.token[wire.Viewer], "?cluster="+own)
	require.Equal(t, []string{"node-gone"}, kinds, "a list that was cut may lack those of a cluster")
	read(3)
}
