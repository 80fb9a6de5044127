package activities

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/workflows/api"
)

func (w *world) examine() api.Examination {
	w.Helper()
	out, err := w.acts.ExamineCluster(w.Context(), api.ExamineClusterInput{ClusterID: clusterID})
	require.NoError(w, err)
	return out
}

func TestExamineAHealthyCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(2)
	require.NotEmpty(t, w.examine().Note, "an operation runs")
	w.ended(lifecycle.Active)
	require.Equal(t, api.Examination{ClusterID: clusterID, State: "active", Nodes: 2, Findings: []api.Finding{}}, w.examine())
}

func TestExamineTellsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	w.ended(lifecycle.Active)
	w.provider.Crash(rec.Nodes[0].InstanceID, true)
	_, err := w.provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: clusterID}, SizeGiB: 1})
	require.NoError(t, err)
	require.NoError(t, w.store.SetOperation(t.Context(), clusterID, "AddNodes"))
	w.agents.Broken[rec.Nodes[1].ID] = true

	var where []string
	found := w.examine().Findings
	for _, f := range found {
		where = append(where, f.Where)
		require.NotContains(t, f.What+f.Repair, secret)
	}
	require.ElementsMatch(t, []string{"metadata", "provider", "provider", "agent"}, where, "%+v", found)

	// The command it names for the stray volume does repair that.
	_, err = w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.Len(t, w.examine().Findings, len(found)-1)
}

// The record believes that an operation runs until somebody asks who would know.
func TestExamineAsksTheEngineWhatRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(1)
	deps := w.deps
	deps.OperationRuns = func(context.Context, string) (bool, error) { return false, nil }
	w.acts = New(deps)
	found := w.examine().Findings
	require.NotEmpty(t, found)
	require.Contains(t, found[0].What, "CreateCluster runs")
	require.Equal(t, "drover delete "+clusterID, found[0].Repair)
}

func TestExamineWhatIsLeftOfACluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.acts.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: clusterID})
	w.requireFault(fault.NotFound, err)
	w.running(1)
	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
	e := w.examine()
	require.Empty(t, e.State)
	require.Len(t, e.Findings, 2, "an instance and its volume")

	// Keys that somebody put back are found, and go with the rest by the command it prints.
	require.NoError(t, w.store.Publish(t.Context(), clusterID, 1, "somebody", metadata.Tree{"self/cluster/vxnet": "v"}))
	found := w.examine().Findings
	require.Len(t, found, 3)
	for _, f := range found {
		require.Equal(t, "drover orphans "+clusterID+" --collect", f.Repair)
	}
	_, err = w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: clusterID, DryRun: true})
	require.NoError(t, err)
	require.Len(t, w.examine().Findings, 3, "a dry run touches nothing")
	collected, err := w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.Contains(t, collected.Found, "consul 1 keys that nodes can see")
	_, err = w.acts.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: clusterID})
	w.requireFault(fault.NotFound, err)
}
