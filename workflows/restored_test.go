package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// Consul is restored from a backup that is older than the last operation: the next one has its number, and runs all the same.
func TestARestoredRecordRepeatsNoCommandID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	restore := w.store.Backup(clusterID)
	before := len(w.commands())
	w.start1(api.RestartCluster, api.RestartClusterInput{})
	first := len(w.commands()) - before
	require.Positive(t, first)

	restore()
	require.Equal(t, 1, w.record().Operation.Seq)
	w.start1(api.RestartCluster, api.RestartClusterInput{})
	require.Equal(t, 2, w.record().Operation.Seq, "the same number")
	require.Len(t, w.commands(), before+2*first)
	w.ranOnce()
}

// An operation under which the record is replaced by an older one ends: it does not know any more what it works on.
func TestARestoredRecordEndsTheRunningOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	restore := w.store.Backup(clusterID)
	w.agents.On("stop", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		restore()
		return fakes.Exit(0, "")
	})
	r := w.start(api.StopCluster, api.StopClusterInput{})
	require.Equal(t, fault.Conflict, r.fault().Type)
	require.Equal(t, lifecycle.Active, w.record().State)
}

// The tree is lost, and nodes have seen more than the record knows of: a repair publishes what no node has seen.
func TestRepairGoesOnFromWhatNodesHaveSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	w.store.LoseTree(clusterID)
	w.agents.Seen[w.node("b", 1).ID] = 41
	w.start1(api.RepairCluster, api.RepairClusterInput{})
	p, ok := w.store.Tree(clusterID)
	require.True(t, ok)
	require.EqualValues(t, 42, p.Revision)
	require.EqualValues(t, 42, w.record().Revision)
	w.sound()
}

// Without nodes that have seen more, whatever publishes next makes the tree whole.
func TestALostTreeStandsInNoOperationsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	revision := w.record().Revision
	w.store.LoseTree(clusterID)
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.quota": 7}})
	p, _ := w.store.Tree(clusterID)
	require.Greater(t, p.Revision, revision)
	w.sound()
}

// A creation that fails when its record is lost leaves nothing: providers know its machines by their tags.
func TestUndoWithoutARecordReleasesEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishStore()
	w.agents.On("init", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		w.store.LoseRecord(clusterID)
		return fakes.Exit(1, "")
	})
	r := w.start(api.CreateCluster, api.CreateClusterInput{App: "store", Version: "1"})
	require.Error(t, r.err)
	w.nothingLeft()
}

// One record that cannot be read makes no operation of another cluster fail.
func TestADamagedRecordStandsInNoOperationsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.Damage("cl-damaged0")
	createStore(w)
	w.start1(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1})
	w.start1(api.DeleteCluster, api.DeleteClusterInput{})
	w.nothingLeft()
	r := w.startAs("cluster/cl-damaged0", api.RestartCluster, api.RestartClusterInput{})
	require.ErrorContains(t, r.err, "cl-damaged0 cannot be read")
}
