package views_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
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
	last, err := s.PutRecord(t.Context(), rec, index)
	require.NoError(t, err)
	<-changed
	view, _, err = w.One(t.Context(), rec.ClusterID)
	require.NoError(t, err)
	require.Equal(t, "stopped", view.State)

	// What is known at this moment is shown in its place.
	rec.Operation.State, rec.Labels = lifecycle.OperationRunning, map[string]string{"team": "a"}
	_, err = s.PutRecord(t.Context(), rec, last)
	require.NoError(t, err)
	require.NoError(t, s.PutLive(t.Context(), metadata.Live{
		ClusterID: rec.ClusterID, Nodes: []metadata.LiveNode{{NodeID: "cln-00000001", Health: "unhealthy", Since: "2026-01-01T00:00:00Z", Reason: "exit status 1"}},
		Operation: metadata.LiveStep{RunID: "run-1", State: "held", Step: "AN4 init", Since: "2026-01-02T00:00:00Z"},
	}))
	require.Eventually(t, func() bool {
		view, _, err = w.One(t.Context(), rec.ClusterID)
		return err == nil && view.Health != nil
	}, time.Minute, 5*time.Millisecond)
	require.Equal(t, metadata.ViewHealth{Unhealthy: 1}, *view.Health)
	require.Equal(t, "exit status 1", view.Nodes[0].HealthReason)
	require.Equal(t, []string{"held", "AN4 init"}, []string{view.Operation.State, view.Operation.Step})
	require.Equal(t, "a", view.Labels["team"])
	text, err := json.Marshal(view)
	require.NoError(t, err)
	var shown wire.ClusterView
	require.NoError(t, json.Unmarshal(text, &shown))
	again, err = json.Marshal(shown)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
	_, changed, err = w.One(t.Context(), rec.ClusterID)
	require.NoError(t, err)

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
