package views_test

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata/store"
	"drover/metadata/views"
	"drover/specs"
	"drover/tests/stack/consultest"
	wire "drover/workflows/api"
)

// The console's token reads views and nothing else; a view comes and goes with its record, and nothing secret is in it.
func TestAWatcherFollowsRecordsAndSeesNoSecret(t *testing.T) {
	t.Parallel()
	client, prefix := consultest.Shared(t).Client, consultest.Prefix()
	s := store.New(client, prefix)
	rec := &lifecycle.Record{
		ClusterID: "cl-view0001", Name: "kv", AppID: "kv", VersionID: "1", State: lifecycle.Active, GlobalUUID: "seed-of-passwords",
		Values: lifecycle.Values{"env.password": "planted-1"}, ConsulToken: "planted-2", Reason: "the server said planted-1",
		Spec: &specs.Cluster{
			Secrets: []string{"planted-1"}, Env: map[string]string{"password": "planted-1"},
			Roles: []specs.Role{{Name: "kv", Env: map[string]string{"password": "planted-1"}, Services: map[string]specs.Service{"start": {Cmd: "run planted-1"}}}},
		},
		Nodes: []lifecycle.Node{{ID: "cln-00000001", Role: "kv", SID: 1, IP: "10.0.0.1", PrivateKey: "planted-3", Token: "planted-4"}},
	}
	w := views.NewWatcher(client, prefix, nil)
	go w.Run(t.Context())
	all, err := w.All(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)

	_, changed, err := w.One(t.Context(), rec.ClusterID)
	require.True(t, fault.Is(err, fault.NotFound))
	index, err := s.PutRecord(t.Context(), rec, 0)
	require.NoError(t, err)
	<-changed
	view, changed, err := w.One(t.Context(), rec.ClusterID)
	require.NoError(t, err)
	require.Equal(t, "active", view.State)
	require.Equal(t, "10.0.0.1", view.Nodes[0].IP)

	kv, _, err := client.KV().Get(prefix+"/views/"+rec.ClusterID, nil)
	require.NoError(t, err)
	for _, secret := range []string{"planted", "seed-of-passwords", "run "} {
		require.NotContains(t, string(kv.Value), secret)
	}
	var seen wire.ClusterView
	require.NoError(t, json.Unmarshal(kv.Value, &seen))
	again, err := json.Marshal(seen)
	require.NoError(t, err)
	require.JSONEq(t, string(kv.Value), string(again), "the JSON is that of workflows/api")

	rec.State = lifecycle.Stopped
	rec.Operation.RunID = "run-1"
	_, err = s.PutRecord(t.Context(), rec, index)
	require.NoError(t, err)
	<-changed
	view, changed, err = w.One(t.Context(), rec.ClusterID)
	require.NoError(t, err)
	require.Equal(t, "stopped", view.State)

	require.NoError(t, s.Forget(t.Context(), rec.ClusterID, "run-1"))
	<-changed
	_, _, err = w.One(t.Context(), rec.ClusterID)
	require.True(t, fault.Is(err, fault.NotFound))
}

// A record of a version without views gets one when a worker starts.
func TestMissingViewsAreAdded(t *testing.T) {
	t.Parallel()
	client, prefix := consultest.Shared(t).Client, consultest.Prefix()
	s := store.New(client, prefix)
	_, err := s.PutRecord(t.Context(), &lifecycle.Record{ClusterID: "cl-view0002", State: lifecycle.Active}, 0)
	require.NoError(t, err)
	key := prefix + "/views/cl-view0002"
	_, err = client.KV().Delete(key, nil)
	require.NoError(t, err)
	require.NoError(t, s.Index(t.Context()))
	kv, _, err := client.KV().Get(key, nil)
	require.NoError(t, err)
	require.NotNil(t, kv)
	before := kv.ModifyIndex
	require.NoError(t, s.Index(t.Context()))
	kv, _, err = client.KV().Get(key, &api.QueryOptions{})
	require.NoError(t, err)
	require.Equal(t, before, kv.ModifyIndex, "a view that exists stays")
}
