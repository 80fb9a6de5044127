package reads_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/activities/publish"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestExamineAHealthyCluster(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(2)
	require.NotEmpty(t, w.Examine().Note, "an operation runs")
	w.Ended(lifecycle.Active)
	require.Equal(t, api.Examination{ClusterID: world.ClusterID, State: "active", Nodes: 2, Findings: []api.Finding{}}, w.Examine())
}

func TestExamineTellsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	w.Ended(lifecycle.Active)
	w.Provider.Crash(rec.Nodes[0].InstanceID, true)
	_, err := w.Provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: world.ClusterID}, SizeGiB: 1})
	require.NoError(t, err)
	require.NoError(t, w.Store.SetOperation(t.Context(), world.ClusterID, w.Record().Operation.RunID, "AddNodes"))
	w.Agents.Broken[rec.Nodes[1].ID] = true

	var where []string
	found := w.Examine().Findings
	for _, f := range found {
		where = append(where, f.Where)
		require.NotContains(t, f.What+f.Repair, world.Secret)
	}
	require.ElementsMatch(t, []string{"metadata", "provider", "provider", "agent"}, where, "%+v", found)

	// The command it names for the stray volume does repair that.
	_, err = w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Len(t, w.Examine().Findings, len(found)-1)
}

// The record believes that an operation runs until the workflow engine is asked.
func TestExamineAsksTheEngineWhatRuns(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	deps := w.Deps
	deps.OperationRuns = func(context.Context, string) (bool, error) { return false, nil }
	w.Acts = activities.New(deps)
	found := w.Examine().Findings
	require.NotEmpty(t, found)
	require.Contains(t, found[0].What, "CreateCluster as running")
	require.Equal(t, "drover delete "+world.ClusterID, found[0].Repair)
}

func TestExamineWhatIsLeftOfACluster(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	_, err := w.Acts.Reads.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: world.ClusterID})
	w.RequireFault(fault.NotFound, err)
	w.Running(1)
	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))
	e := w.Examine()
	require.Empty(t, e.State)
	require.Len(t, e.Findings, 2, "an instance and its volume")

	// Keys that were put back are found, and go with the rest by the command it prints.
	w.Store.LeaveTree(world.ClusterID, metadata.Tree{"self/cluster/vxnet": "v"})
	found := w.Examine().Findings
	require.Len(t, found, 3)
	for _, f := range found {
		require.Equal(t, "drover orphans "+world.ClusterID+" --collect", f.Repair)
	}
	_, err = w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID, DryRun: true})
	require.NoError(t, err)
	require.Len(t, w.Examine().Findings, 3, "a dry run touches nothing")
	collected, err := w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Contains(t, collected.Found, "consul 1 keys that nodes can see")
	_, err = w.Acts.Reads.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: world.ClusterID})
	w.RequireFault(fault.NotFound, err)
}

// A record that cannot be read is a finding of its own cluster, and nothing to the others.
func TestExamineADamagedRecord(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	w.Store.Damage("cl-damaged0")
	e, err := w.Acts.Reads.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: "cl-damaged0"})
	require.NoError(t, err)
	require.Equal(t, string(lifecycle.Unreadable), e.State)
	require.Len(t, e.Findings, 1)
	require.Contains(t, e.Findings[0].What, "cl-damaged0 cannot be read")

	list, err := w.Acts.Reads.ListClusters(t.Context(), api.ListClustersInput{})
	require.NoError(t, err)
	require.Len(t, list.Clusters, 2)
	require.Equal(t, api.ClusterUnreadable, list.Clusters[0].State)
	require.Contains(t, list.Clusters[0].Reason, "cannot be read")
	require.Equal(t, "creating", list.Clusters[1].State)
}
