package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// tokens makes the world give out tokens from here on.
func (w *world) tokens() *fakes.Access {
	access := fakes.NewAccess()
	w.deps.Access = access
	w.acts = New(w.deps)
	return access
}

func TestNodesStartWithATokenOfTheirCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	access := w.tokens()
	rec := w.running(2)
	require.NotEmpty(t, rec.ConsulToken)
	got, ok := access.Of(clusterID)
	require.True(t, ok)
	require.Equal(t, lifecycle.Access{ClusterID: clusterID, Secret: rec.ConsulToken}, got)
	for _, n := range rec.Nodes {
		require.True(t, n.HasToken)
		require.Equal(t, rec.ConsulToken, w.agents.Token(n.ID))
	}
	// A new revision follows the links, with the same secret.
	rec.Spec.Links = map[string]string{"zk": "cl-linked00", "unset": "", "same": "cl-linked00", "self": clusterID}
	w.put(rec)
	require.NoError(t, w.acts.Publish(t.Context(), PublishInput{ClusterID: clusterID, Seq: 1, Revision: 2}))
	got, _ = access.Of(clusterID)
	require.Equal(t, lifecycle.Access{ClusterID: clusterID, Secret: rec.ConsulToken, Links: []string{"cl-linked00"}}, got)

	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
	_, ok = access.Of(clusterID)
	require.False(t, ok, "revoked with the cluster")
}

// put writes a changed record.
func (w *world) put(rec *lifecycle.Record) {
	w.Helper()
	_, index, err := w.store.Record(w.Context(), rec.ClusterID)
	require.NoError(w, err)
	_, err = w.store.PutRecord(w.Context(), rec, index)
	require.NoError(w, err)
}

func TestACreationThatNeverBeganKeepsNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	access := w.tokens()
	w.running(1)
	require.NoError(t, w.acts.Abandon(t.Context(), AbandonInput{ClusterID: clusterID, RunID: "run-2"}))
	_, ok := access.Of(clusterID)
	require.True(t, ok, "it is another operation's")
	for range 2 {
		require.NoError(t, w.acts.Abandon(t.Context(), AbandonInput{ClusterID: clusterID, RunID: "run-1"}))
		granted, err := access.Granted(t.Context())
		require.NoError(t, err)
		require.Empty(t, granted)
	}
	// A try that was cut off behind the record is finished by the next one.
	require.NoError(t, access.Grant(t.Context(), lifecycle.Access{ClusterID: clusterID, Secret: "s"}))
	require.NoError(t, w.acts.Abandon(t.Context(), AbandonInput{ClusterID: clusterID, RunID: "run-1"}))
	_, ok = access.Of(clusterID)
	require.False(t, ok)
}

// Nodes that run since before there were tokens get theirs at the next barrier, once.
func TestOlderNodesGetTheirTokenAtABarrier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	require.Empty(t, rec.ConsulToken)
	access := w.tokens()
	w.ended(lifecycle.Active)
	require.Equal(t, []string{"access"}, wheres(w.examine()), "nodes without a token")

	require.NoError(t, w.acts.Publish(t.Context(), PublishInput{ClusterID: clusterID, Seq: 1, Revision: 2}))
	first := BarrierInput{ClusterID: clusterID, Step: "UE1", Nodes: ids(rec)[:1], Revision: 2, TimeoutSec: 60}
	_, err := w.acts.Barrier(t.Context(), first)
	require.NoError(t, err)
	rec = w.record()
	require.Equal(t, []bool{true, false}, []bool{rec.Nodes[0].HasToken, rec.Nodes[1].HasToken})
	require.Equal(t, rec.ConsulToken, w.agents.Token(rec.Nodes[0].ID))
	require.Empty(t, w.agents.Token(rec.Nodes[1].ID))

	all := first
	all.Nodes = ids(rec)
	_, err = w.acts.Barrier(t.Context(), all)
	require.NoError(t, err)
	require.Empty(t, w.examine().Findings)

	// What was lost comes back with its secret, what is left of others goes, and a worker that gives out none leaves
	// nodes what they have.
	require.NoError(t, access.Revoke(t.Context(), clusterID))
	require.NoError(t, access.Grant(t.Context(), lifecycle.Access{ClusterID: "cl-gone0000", Secret: "s"}))
	require.Equal(t, []string{"access", "access"}, wheres(w.examine()), "policy and token are missing")
	gone, err := w.acts.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: "cl-gone0000"})
	require.NoError(t, err)
	require.Len(t, gone.Findings, 2)
	for _, f := range gone.Findings {
		require.Equal(t, "drover orphans cl-gone0000 --collect", f.Repair)
	}
	collected, err := w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: "cl-gone0000"})
	require.NoError(t, err)
	require.Equal(t, []string{"consul policy and token of its nodes"}, collected.Found)
	_, err = w.acts.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: "cl-gone0000"})
	w.requireFault(fault.NotFound, err)
	require.NoError(t, access.Grant(t.Context(), lifecycle.Access{ClusterID: "cl-gone0000", Secret: "s"}))
	require.NoError(t, w.deps.RestoreAccess(t.Context()))
	granted, err := access.Granted(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{clusterID}, granted)
	require.Empty(t, w.examine().Findings)

	w.deps.Access = nil
	w.acts = New(w.deps)
	_, err = w.acts.StartAgents(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, rec.ConsulToken, w.agents.Token(rec.Nodes[0].ID))
}

func wheres(e api.Examination) []string {
	var out []string
	for _, f := range e.Findings {
		out = append(out, f.Where)
	}
	return out
}

func TestWithoutACLsNothingIsGivenOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tokens().Off = "Consul has no ACLs"
	rec := w.running(1)
	require.Empty(t, rec.ConsulToken)
	require.False(t, rec.Nodes[0].HasToken)
	require.Empty(t, w.agents.Token(rec.Nodes[0].ID))
	w.ended(lifecycle.Active)
	require.Empty(t, w.examine().Findings)
	require.NoError(t, w.deps.RestoreAccess(t.Context()))
}
