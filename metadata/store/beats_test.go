package store_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/pack"
	"drover/metadata/reader"
	"drover/metadata/store"
	"drover/tests/stack/consultest"
)

// Nodes write the state of their own cluster's nodes, and nothing of another cluster.
func TestNodesReportTheirOwnState(t *testing.T) {
	t.Parallel()
	a := withACLs(t)
	a.publish("cl-a", 1, nil)
	a.publish("cl-b", 1, nil)
	want := lifecycle.Access{ClusterID: "cl-a", Secret: uuid.NewString(), Links: []string{"cl-b"}}
	a.grant(want)
	node := reader.New(reader.Options{Addr: a.server.Addr, Token: want.Secret})
	require.NoError(t, node.Beat(t.Context(), "cl-a", "cln-1", pack.Beat{At: "1", Health: "healthy"}))
	for _, other := range []string{"cl-b", "cl-c"} {
		err := node.Beat(t.Context(), other, "cln-1", pack.Beat{At: "1"})
		require.True(t, fault.Is(err, fault.Unauthorized), "%s: %v", other, err)
	}
	kv, err := a.server.ClientWith(want.Secret)
	require.NoError(t, err)
	for _, key := range []string{"drover/health/cl-b/cln-1", "drover/health/x", "drover/views/cl-a", "drover/leases/sentinel"} {
		_, err := kv.KV().Put(&api.KVPair{Key: key}, nil)
		require.ErrorContains(t, err, "Permission denied", key)
	}

	seen, err := a.store.Beats(t.Context())
	require.NoError(t, err)
	require.Len(t, seen, 1)
	require.Equal(t, "cln-1", seen[0].NodeID)
	require.Equal(t, "healthy", seen[0].Health)
	require.NoError(t, node.Beat(t.Context(), "cl-a", "cln-1", pack.Beat{At: "2", Health: "healthy"}))
	require.NoError(t, a.store.DropBeats(t.Context(), seen), "a report that was renewed stays")
	again, err := a.store.Beats(t.Context())
	require.NoError(t, err)
	require.Greater(t, again[0].Index, seen[0].Index)
	require.NoError(t, a.store.DropBeats(t.Context(), again))
	none, err := a.store.Beats(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)
}

// A late report leaves nothing of a cluster that is gone, and what others wrote in its place is cut.
func TestReportsOfNoClusterAndOfAnyLength(t *testing.T) {
	t.Parallel()
	addr, client := consultest.Start(t)
	prefix := consultest.Prefix()
	s := store.New(client, prefix)
	r := reader.New(reader.Options{Addr: addr, Prefix: prefix})
	require.True(t, fault.Is(r.Beat(t.Context(), "cl-gone", "cln-1", pack.Beat{}), fault.NotFound))

	long := strings.Repeat("é", pack.BeatText)
	for key, value := range map[string]string{
		"cl-a/cln-1": `{"health":"unhealthy","reason":"` + long + `","failing":["` + long + `","b","c","d","e","f"]}`,
		"cl-a/cln-2": "{", "cl-a/cln-3": `{"health":"healthy","reason":"` + strings.Repeat("x", pack.BeatSize) + `"}`,
	} {
		_, err := client.KV().Put(&api.KVPair{Key: prefix + "/health/" + key, Value: []byte(value)}, nil)
		require.NoError(t, err)
	}
	seen, err := s.Beats(t.Context())
	require.NoError(t, err)
	require.Len(t, seen, 3)
	require.Len(t, seen[0].Reason, pack.BeatText)
	require.Len(t, seen[0].Failing, pack.BeatFailing)
	require.Len(t, seen[0].Failing[0], pack.BeatText)
	require.Empty(t, seen[1].Health)
	require.Empty(t, seen[2].Health)
}

func TestLivePartsComeAndGoWithTheirCluster(t *testing.T) {
	t.Parallel()
	client, prefix := consultest.Shared(t).Client, consultest.Prefix()
	s := store.New(client, prefix)
	live := metadata.Live{ClusterID: "cl-live0001", Nodes: []metadata.LiveNode{{NodeID: "cln-1", Health: "healthy"}}}
	require.NoError(t, s.PutLive(t.Context(), live))
	all, err := s.Lives(t.Context())
	require.NoError(t, err)
	require.Empty(t, all, "there is no such cluster")

	rec := &lifecycle.Record{ClusterID: live.ClusterID, Operation: lifecycle.Operation{RunID: "run"}}
	_, err = s.PutRecord(t.Context(), rec, 0)
	require.NoError(t, err)
	require.NoError(t, s.PutLive(t.Context(), live))
	all, err = s.Lives(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]metadata.Live{live.ClusterID: live}, all)
	one, err := s.Live(t.Context(), live.ClusterID)
	require.NoError(t, err)
	require.Equal(t, live, one)
	require.NoError(t, s.Forget(t.Context(), live.ClusterID, "run"))
	one, err = s.Live(t.Context(), live.ClusterID)
	require.NoError(t, err)
	require.Empty(t, one.Nodes)
}

func TestALeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	s := store.New(consultest.Shared(t).Client, consultest.Prefix())
	free, err := s.Lease(t.Context(), "sentinel")
	require.NoError(t, err)
	require.Zero(t, free.Index)
	first, err := s.TakeLease(t.Context(), "sentinel", metadata.Lease{Holder: "a", At: "1"}, 0)
	require.NoError(t, err)
	_, err = s.TakeLease(t.Context(), "sentinel", metadata.Lease{Holder: "b", At: "1"}, 0)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	second, err := s.TakeLease(t.Context(), "sentinel", metadata.Lease{Holder: "a", At: "2"}, first)
	require.NoError(t, err)
	now, err := s.Lease(t.Context(), "sentinel")
	require.NoError(t, err)
	require.Equal(t, metadata.Lease{Holder: "a", At: "2", Index: second}, now)
	require.NoError(t, s.DropLease(t.Context(), "sentinel", first), "it is another one by now")
	require.NoError(t, s.DropLease(t.Context(), "sentinel", second))
	free, err = s.Lease(t.Context(), "sentinel")
	require.NoError(t, err)
	require.Zero(t, free.Index)
}
