package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestNodesStartWithATokenOfTheirCluster(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	access := w.GiveTokens()
	rec := w.Running(2)
	require.NotEmpty(t, rec.ConsulToken)
	got, ok := access.Of(world.ClusterID)
	require.True(t, ok)
	require.Equal(t, lifecycle.Access{ClusterID: world.ClusterID, Secret: rec.ConsulToken}, got)
	for _, n := range rec.Nodes {
		require.True(t, n.HasToken)
		require.Equal(t, rec.ConsulToken, w.Agents.Token(n.ID))
	}
	// A new revision follows the links, with the same world.Secret.
	rec.Spec.Links = map[string]string{"zk": "cl-linked00", "unset": "", "same": "cl-linked00", "self": world.ClusterID}
	w.Put(rec)
	require.NoError(t, w.Acts.Publish.Publish(t.Context(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-1", Revision: 2}))
	got, _ = access.Of(world.ClusterID)
	require.Equal(t, lifecycle.Access{ClusterID: world.ClusterID, Secret: rec.ConsulToken, Links: []string{"cl-linked00"}}, got)

	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))
	_, ok = access.Of(world.ClusterID)
	require.False(t, ok, "revoked with the cluster")
}

func TestACreationThatNeverBeganKeepsNoToken(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	access := w.GiveTokens()
	w.Running(1)
	require.NoError(t, w.Acts.Records.Abandon(t.Context(), records.AbandonInput{ClusterID: world.ClusterID, RunID: "run-2"}))
	_, ok := access.Of(world.ClusterID)
	require.True(t, ok, "it is another operation's")
	for range 2 {
		require.NoError(t, w.Acts.Records.Abandon(t.Context(), records.AbandonInput{ClusterID: world.ClusterID, RunID: "run-1"}))
		granted, err := access.Granted(t.Context(), "")
		require.NoError(t, err)
		require.Empty(t, granted)
	}
	// A try that was cut off behind the record is finished by the next one.
	require.NoError(t, access.Grant(t.Context(), lifecycle.Access{ClusterID: world.ClusterID, Secret: "s"}))
	require.NoError(t, w.Acts.Records.Abandon(t.Context(), records.AbandonInput{ClusterID: world.ClusterID, RunID: "run-1"}))
	_, ok = access.Of(world.ClusterID)
	require.False(t, ok)
}

// Nodes that run since before there were tokens get theirs at the next barrier, once.
func TestOlderNodesGetTheirTokenAtABarrier(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	require.Empty(t, rec.ConsulToken)
	access := w.GiveTokens()
	w.Ended(lifecycle.Active)
	require.Equal(t, []string{"access"}, wheres(w.Examine()), "nodes without a token")

	require.NoError(t, w.Acts.Publish.Publish(t.Context(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-1", Revision: 2}))
	first := agents.BarrierInput{ClusterID: world.ClusterID, Step: "UE1", Nodes: world.IDs(rec)[:1], Revision: 2, TimeoutSec: 60}
	_, err := w.Acts.Agents.Barrier(t.Context(), first)
	require.NoError(t, err)
	rec = w.Record()
	require.Equal(t, []bool{true, false}, []bool{rec.Nodes[0].HasToken, rec.Nodes[1].HasToken})
	require.Equal(t, rec.ConsulToken, w.Agents.Token(rec.Nodes[0].ID))
	require.Empty(t, w.Agents.Token(rec.Nodes[1].ID))

	all := first
	all.Nodes = world.IDs(rec)
	_, err = w.Acts.Agents.Barrier(t.Context(), all)
	require.NoError(t, err)
	require.Empty(t, w.Examine().Findings)

	// What was lost comes back with its world.Secret, what is left of others goes, and a worker that gives out none leaves
	// nodes what they have.
	require.NoError(t, access.Revoke(t.Context(), lifecycle.Grant{ClusterID: world.ClusterID, Mark: lifecycle.AccessOf(w.Record()).Mark()}))
	require.NoError(t, access.Grant(t.Context(), lifecycle.Access{ClusterID: "cl-gone0000", Secret: "s"}))
	require.Equal(t, []string{"access", "access"}, wheres(w.Examine()), "policy and token are missing")
	gone, err := w.Acts.Reads.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: "cl-gone0000"})
	require.NoError(t, err)
	require.Len(t, gone.Findings, 2)
	for _, f := range gone.Findings {
		require.Equal(t, "drover orphans cl-gone0000 --collect", f.Repair)
	}
	collected, err := w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: "cl-gone0000"})
	require.NoError(t, err)
	require.Equal(t, []string{"consul policy and token of its nodes"}, collected.Found)
	_, err = w.Acts.Reads.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: "cl-gone0000"})
	w.RequireFault(fault.NotFound, err)
	require.NoError(t, access.Grant(t.Context(), lifecycle.Access{ClusterID: "cl-gone0000", Secret: "s"}))
	require.NoError(t, w.Deps.RestoreAccess(t.Context()))
	_, left := access.Of("cl-gone0000")
	require.False(t, left)
	_, kept := access.Of(world.ClusterID)
	require.True(t, kept)
	require.Empty(t, w.Examine().Findings)

	w.Deps.Access = nil
	w.Acts = activities.New(w.Deps)
	_, err = w.Acts.Agents.StartAgents(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, rec.ConsulToken, w.Agents.Token(rec.Nodes[0].ID))
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
	w := world.New(t)
	w.GiveTokens().Off = "Consul has no ACLs"
	rec := w.Running(1)
	require.Empty(t, rec.ConsulToken)
	require.False(t, rec.Nodes[0].HasToken)
	require.Empty(t, w.Agents.Token(rec.Nodes[0].ID))
	w.Ended(lifecycle.Active)
	require.Empty(t, w.Examine().Findings)
	require.NoError(t, w.Deps.RestoreAccess(t.Context()))
}
