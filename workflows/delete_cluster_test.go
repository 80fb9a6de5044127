package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

// refuse makes a service fail on every node of a role.
func (w *world) refuse(service, role string) {
	w.agents.On(service, func(_ context.Context, e fakes.Execution) agentapi.CommandStatus {
		if e.Node.Role == role {
			return fakes.Exit(77, "3 keys under /protected")
		}
		return fakes.Exit(0, "")
	})
}

func TestDeleteClusterBranches(t *testing.T) {
	t.Parallel()
	const destroy, stop = "destroy", "stop"
	type testCase struct {
		name   string
		roles  []map[string]any
		refuse string // role whose destroy refuses
		force  bool
		want   []string // commands of the deletion, by role and order
		err    fault.Type
		state  lifecycle.State // afterwards, "" gone
	}
	post := "destroy post_stop_service=true"
	for _, tc := range []testCase{
		{name: "DC1 DC2 DC8 without destroy",
			roles: []map[string]any{nodes("a", 1, "stop order=1"), nodes("b", 1, stop)},
			want:  []string{"DC2 stop b/1", "DC2 stop a/1"}},
		{name: "DC8 without destroy and stop", roles: []map[string]any{nodes("a", 1, "start")}},
		{name: "DC5 DC7 destroy before stop",
			roles: []map[string]any{nodes("a", 1, destroy, stop)},
			want:  []string{"DC5 destroy a/1", "DC7 stop a/1"}},
		{name: "DC5 destroy by order",
			roles: []map[string]any{nodes("a", 1, "destroy order=2", stop), nodes("b", 1, "destroy order=1", stop)},
			want:  []string{"DC5 destroy b/1", "DC5 destroy a/1", "DC7 stop a/1 + DC7 stop b/1"}},
		{name: "DC6 the guard refuses: nothing stopped, cluster active",
			roles: []map[string]any{nodes("a", 1, destroy, stop)}, refuse: "a",
			want: []string{"DC5 destroy a/1"}, err: fault.CommandFailed, state: lifecycle.Active},
		{name: "DC7 forced past the guard",
			roles: []map[string]any{nodes("a", 1, destroy, stop)}, refuse: "a", force: true,
			want: []string{"DC5 destroy a/1", "DC7 stop a/1"}},
		{name: "DC3 DC4 destroy after stop",
			roles: []map[string]any{nodes("a", 1, post, stop)},
			want:  []string{"DC4 stop a/1", "DC4 destroy a/1"}},
		{name: "DC4b the guard after stop refuses: nothing released, cluster stopped",
			roles: []map[string]any{nodes("a", 1, post, stop)}, refuse: "a",
			want: []string{"DC4 stop a/1", "DC4 destroy a/1"}, err: fault.CommandFailed, state: lifecycle.Stopped},
		{name: "DC4b forced past the guard after stop",
			roles: []map[string]any{nodes("a", 1, post, stop)}, refuse: "a", force: true,
			want: []string{"DC4 stop a/1", "DC4 destroy a/1"}},
		{name: "S9 mixed roles: before, stop of all, after",
			roles: []map[string]any{nodes("a", 1, post, stop), nodes("b", 1, destroy, "stop order=1"), nodes("c", 1, "stop order=2")},
			want:  []string{"DC5 destroy b/1", "DC7 stop a/1", "DC7 stop b/1", "DC7 stop c/1", "DC4 destroy a/1"}},
		{name: "S9 mixed roles: the first guard refuses, the other is not asked",
			roles: []map[string]any{nodes("a", 1, post, stop), nodes("b", 1, destroy, stop)}, refuse: "b",
			want: []string{"DC5 destroy b/1"}, err: fault.CommandFailed, state: lifecycle.Active},
		{name: "allow_force: false refuses force up front, naming the role",
			roles: []map[string]any{nodes("a", 1, "destroy allow_force=false", stop)}, force: true,
			err: fault.NotAllowed, state: lifecycle.Active},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish("app", tc.roles...)
			created := w.create("app")
			require.NotNil(t, created)
			before, had := len(w.commands()), w.resources()
			if tc.refuse != "" {
				w.refuse(destroy, tc.refuse)
			}
			r := w.start(api.DeleteCluster, api.DeleteClusterInput{Force: tc.force})
			requireOrder(t, tc.want, w.commands()[before:])
			for _, e := range w.agents.Ran()[before:] {
				for key := range e.Seen {
					require.NotContains(t, key, "deleting-hosts", "it stays empty while a cluster is deleted")
				}
				require.NotEmpty(t, e.Seen, "deregistration comes after the last command")
			}
			if tc.err == "" {
				require.NoError(t, r.err)
				w.nothingLeft()
				require.Empty(t, r.result.ClusterState)
				return
			}
			f := r.fault()
			require.Equal(t, tc.err, f.Type)
			require.Equal(t, tc.state, w.record().State)
			if tc.err == fault.CommandFailed {
				require.Equal(t, api.OpFailed, w.record().Operation.State)
			}
			require.Equal(t, had, w.resources(), "nothing is released before its guard passed")
			if tc.err == fault.CommandFailed {
				require.Contains(t, f.Message, "the data is still needed")
				require.Equal(t, "3 keys under /protected", f.Output)
				require.Contains(t, f.Hint, "--force")
			} else {
				require.Contains(t, f.Message, `role "a"`)
			}
		})
	}
}

func TestDC0LinkedClusterIsNotDeleted(t *testing.T) {
	t.Parallel()
	const other, otherID = "cluster/cl-test0002", "cl-test0002"
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "stop"))
	w.create("app")
	w.publishAs("linking", "1", top{"links": top{"up": clusterID}}, nodes("b", 1))
	require.NoError(t, w.startAs(other, api.CreateCluster, api.CreateClusterInput{App: "linking"}).err)
	before, had := w.record(), w.resources()

	for _, dry := range []bool{true, false} {
		f := w.start(api.DeleteCluster, api.DeleteClusterInput{DryRun: dry}).fault()
		require.Equal(t, fault.NotAllowed, f.Type)
		require.Equal(t, "other clusters link to it: cl-test0002 (link up)", f.Message)
		require.Contains(t, f.Hint, "drover delete cl-test0002")
		require.Equal(t, before, w.record())
	}
	require.Equal(t, had, w.resources())
	require.Empty(t, w.commands())

	planned := w.start(api.DeleteCluster, api.DeleteClusterInput{DryRun: true, Force: true})
	require.NoError(t, planned.err)
	r := w.start(api.DeleteCluster, api.DeleteClusterInput{Force: true})
	require.NoError(t, r.err)
	require.Equal(t, []api.Warning{{Step: "DC0", Message: "forced past: other clusters link to it: cl-test0002 (link up)"}}, r.result.Warnings)
	require.Equal(t, r.result.Warnings, planned.result.Warnings)
	w.nothingLeft()

	// The linking one is a cluster like any other.
	require.NoError(t, w.startAs(other, api.DeleteCluster, api.DeleteClusterInput{}).err)
	_, _, err := w.store.Record(t.Context(), otherID)
	require.True(t, fault.Is(err, fault.NotFound))
}

func TestDC0OnceNobodyLinksItIsDeleted(t *testing.T) {
	t.Parallel()
	const other = "cluster/cl-test0002"
	w := newWorld(t)
	w.publish("app", nodes("a", 1))
	w.create("app")
	w.publishAs("linking", "1", top{"links": top{"up": clusterID}}, nodes("b", 1))
	require.NoError(t, w.startAs(other, api.CreateCluster, api.CreateClusterInput{App: "linking"}).err)
	require.Error(t, w.start(api.DeleteCluster, api.DeleteClusterInput{}).err)
	require.NoError(t, w.startAs(other, api.DeleteCluster, api.DeleteClusterInput{}).err)
	r := w.start(api.DeleteCluster, api.DeleteClusterInput{})
	require.NoError(t, r.err)
	require.Empty(t, r.result.Warnings)
	w.nothingLeft()
}

func TestForceLeavesAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "destroy"))
	w.create("app")
	w.refuse("destroy", "a")
	r := w.start(api.DeleteCluster, api.DeleteClusterInput{Force: true})
	require.NoError(t, r.err)
	require.Len(t, r.result.Warnings, 1)
	require.Contains(t, r.result.Warnings[0].Message, "forced past: destroy on a/1 ended with exit code 77")
}

func TestDeleteAgainAfterARefusalRunsTheGuardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "destroy", "stop"))
	w.create("app")
	protected := true
	w.agents.On("destroy", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		if protected {
			return fakes.Exit(77, "no")
		}
		return fakes.Exit(0, "")
	})
	require.Error(t, w.start(api.DeleteCluster, api.DeleteClusterInput{}).err)
	protected = false
	require.NoError(t, w.start(api.DeleteCluster, api.DeleteClusterInput{}).err)
	ids := map[string]bool{}
	for _, e := range w.agents.Ran() {
		require.False(t, ids[e.ID], "a command id is used once")
		ids[e.ID] = true
	}
	w.nothingLeft()
}

func TestStopThatFailsEndsTheDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "stop"))
	w.create("app")
	w.refuse("stop", "a")
	r := w.start(api.DeleteCluster, api.DeleteClusterInput{})
	require.Equal(t, fault.CommandFailed, r.fault().Type)
	require.Equal(t, lifecycle.Stopped, w.record().State)
	require.NotEmpty(t, w.record().Reason)
	require.NotZero(t, w.resources())
	require.NoError(t, w.start(api.DeleteCluster, api.DeleteClusterInput{Force: true}).err)
	w.nothingLeft()
}

func TestDC8WorksFromEveryState(t *testing.T) {
	t.Parallel()
	for _, state := range []lifecycle.State{
		lifecycle.Creating, lifecycle.Active, lifecycle.Stopped, lifecycle.Failed, lifecycle.UpgradeFailed, lifecycle.Deleting,
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish("app", nodes("a", 2, "stop"))
			w.create("app")
			rec, index, err := w.store.Record(t.Context(), clusterID)
			require.NoError(t, err)
			rec.State = state
			_, err = w.store.PutRecord(t.Context(), rec, index)
			require.NoError(t, err)
			require.NoError(t, w.start(api.DeleteCluster, api.DeleteClusterInput{}).err)
			w.nothingLeft()
		})
	}
}

func TestDC8ReleasesWhatTheRecordDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start"))
	w.create("app")
	rec, index, err := w.store.Record(t.Context(), clusterID)
	require.NoError(t, err)
	rec.Nodes = nil
	_, err = w.store.PutRecord(t.Context(), rec, index)
	require.NoError(t, err)
	require.NoError(t, w.start(api.DeleteCluster, api.DeleteClusterInput{}).err)
	w.nothingLeft()
}

// Force skips guards, never bookkeeping.
func TestDC8WhatCannotBeReleasedGoesToTheLedger(t *testing.T) {
	t.Parallel()
	for _, force := range []bool{false, true} {
		w := newWorld(t)
		w.publish("app", nodes("a", 1, "destroy allow_force=true"))
		w.create("app")
		node := w.node("a", 1)
		w.provider.On(fakeprovider.Rule{Method: "DeleteInstance", Fault: fault.New(fault.Unreachable, "the hypervisor is away")})
		r := w.start1(api.DeleteCluster, api.DeleteClusterInput{Force: force})
		require.Len(t, r.result.Orphans, 2, "the instance, and the volume it holds")
		require.Contains(t, r.result.Orphans[0], "the hypervisor is away")
		require.NotEmpty(t, r.result.Warnings)
		require.Nil(t, w.record(), "the cluster is gone")
		ledger := w.ledger()
		require.Len(t, ledger, 2)
		require.Equal(t, lifecycle.Orphan{
			ClusterID: clusterID, NodeID: node.ID, Provider: "fake", Kind: lifecycle.KindInstance, ID: node.InstanceID, Why: api.DeleteCluster,
			Since: "2026-01-02T03:04:05Z", LastTry: "2026-01-02T03:04:05Z", Attempts: 1, Reason: "the hypervisor is away",
		}, ledger[0])

		f := w.start(api.CreateCluster, api.CreateClusterInput{App: "app"}).fault()
		require.Equal(t, fault.Conflict, f.Type, "a new cluster would be mixed up with what is left")
		require.Contains(t, f.Hint, "drover orphans --retry")

		w.provider.Clear()
		w.retryOrphans(api.RetryOrphansInput{})
		require.Empty(t, w.ledger())
		w.nothingLeft()
		w.create("app")
	}
}
