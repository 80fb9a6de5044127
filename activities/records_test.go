package activities

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

func prepare(run string) PrepareCreateInput {
	return PrepareCreateInput{
		ClusterID: clusterID, RunID: run, Create: api.CreateClusterInput{App: "app", Values: map[string]any{"env.password": secret}},
	}
}

func TestPrepareCreateIsOncePerRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishApp(3)
	first, err := w.acts.PrepareCreate(t.Context(), prepare("run-1"))
	require.NoError(t, err)
	before := w.record()
	require.Equal(t, lifecycle.Creating, before.State)
	require.Equal(t, api.CreateCluster, w.store.Operation(clusterID))

	require.NoError(t, w.store.SetOperation(t.Context(), clusterID, ""), "as if the first attempt had died before it said so")
	again, err := w.acts.PrepareCreate(t.Context(), prepare("run-1"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, before, w.record(), "the same ids")
	require.Equal(t, api.CreateCluster, w.store.Operation(clusterID))

	_, err = w.acts.PrepareCreate(t.Context(), prepare("run-2"))
	f := w.requireFault(fault.Conflict, err)
	require.Contains(t, f.Message, "already exists, state creating")
	require.Equal(t, before, w.record())
}

func TestPrepareCreateFromManySidesHasOneWinner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishApp(2)
	errs := make([]error, 20)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.acts.PrepareCreate(t.Context(), prepare(fmt.Sprint("run-", i))) })
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			require.Equal(t, fmt.Sprint("run-", i), w.record().Operation.RunID)
			continue
		}
		w.requireFault(fault.Conflict, err)
	}
	require.Equal(t, 1, won)
}

// A worker that was given up and woke up does the same at the same time as the one after it.
func TestPrepareCreateTwiceAtOnceIsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishApp(2)
	other, slow := w.acts, w.deps
	var view lifecycle.View
	slow.Now = sync.OnceValue(func() time.Time { // it has seen that there is no record, and not yet written one
		var err error
		view, err = other.PrepareCreate(t.Context(), prepare("run-1"))
		require.NoError(t, err)
		return w.deps.Now()
	})
	again, err := New(slow).PrepareCreate(t.Context(), prepare("run-1"))
	require.NoError(t, err)
	require.Equal(t, view, again, "the same ids")
	require.NotEmpty(t, view.NodeIDs())
}

func TestPrepareCreateDryRunTouchesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishApp(2)
	in := prepare("run-1")
	in.Create.DryRun = true
	view, err := w.acts.PrepareCreate(t.Context(), in)
	require.NoError(t, err)
	require.NotContains(t, jsonOf(t, view), secret)
	all, err := w.store.Records(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
	require.Empty(t, w.store.Operation(clusterID))
	require.Zero(t, w.provider.Count(""))
}

func TestPrepareCreateRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishApp(1)
	for name, c := range map[string]struct {
		create api.CreateClusterInput
		typ    fault.Type
		text   string
	}{
		"application": {api.CreateClusterInput{App: "no-such"}, fault.NotFound, "no-such"},
		"version":     {api.CreateClusterInput{App: "app", Version: "9"}, fault.NotFound, `"9"`},
		"provider":    {api.CreateClusterInput{App: "app", Provider: "moon"}, fault.Invalid, "moon"},
		"values":      {api.CreateClusterInput{App: "app", Values: map[string]any{"env.no_such": secret}}, fault.Invalid, "no_such"},
	} {
		_, err := w.acts.PrepareCreate(t.Context(), PrepareCreateInput{ClusterID: clusterID, RunID: "r", Create: c.create})
		require.Truef(t, fault.Is(err, c.typ), "%s: %v", name, err)
		require.ErrorContains(t, err, c.text, name)
		require.NotContains(t, err.Error(), secret, name)
	}
	all, err := w.store.Records(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestBeginOperationIsOncePerRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cluster(1)
	for range 3 {
		view, err := w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: clusterID, RunID: "run-2", Type: api.DeleteCluster})
		require.NoError(t, err)
		require.Equal(t, 2, view.View.Seq)
	}
	require.Equal(t, "run-2", w.record().Operation.RunID)
	require.Equal(t, api.DeleteCluster, w.store.Operation(clusterID))

	// The run before died without a word; the server lets only one be open, so the next one takes over.
	view, err := w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: clusterID, RunID: "run-3", Type: api.DeleteCluster})
	require.NoError(t, err)
	require.Equal(t, 3, view.View.Seq)
	require.Equal(t, lifecycle.Operation{Seq: 3, Type: api.DeleteCluster, RunID: "run-3", State: api.OpRunning, StartedAt: "2026-01-02T03:04:05Z"}, w.record().Operation)

	before := w.record()
	view, err = w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: clusterID, RunID: "run-4", Type: api.DeleteCluster, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, before, w.record())
	require.NotContains(t, jsonOf(t, view), secret)

	_, err = w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: "cl-unknown0", RunID: "r", Type: api.DeleteCluster})
	w.requireFault(fault.NotFound, err)
	require.Empty(t, w.store.Operation("cl-unknown0"))
}

func TestEndOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cluster(1)
	end := EndInput{ClusterID: clusterID, RunID: "run-1", Outcome: api.OpSucceeded, ClusterState: lifecycle.Active}
	for range 2 {
		require.NoError(t, w.acts.EndOperation(t.Context(), end))
		rec := w.record()
		require.Equal(t, lifecycle.Active, rec.State)
		require.True(t, rec.EverActive)
		require.Equal(t, api.OpSucceeded, rec.Operation.State)
		require.Empty(t, w.store.Operation(clusterID))
	}
	_, err := w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: clusterID, RunID: "run-2", Type: api.DeleteCluster})
	require.NoError(t, err)
	w.requireFault(fault.Conflict, w.acts.EndOperation(t.Context(), end))
	require.Equal(t, api.DeleteCluster, w.store.Operation(clusterID), "the first run no longer has a say")

	running := EndInput{ClusterID: clusterID, RunID: "run-2", Outcome: api.OpRunning, ClusterState: lifecycle.Deleting}
	require.NoError(t, w.acts.EndOperation(t.Context(), running))
	require.Equal(t, lifecycle.Deleting, w.record().State)
	require.Equal(t, api.DeleteCluster, w.store.Operation(clusterID), "it goes on")

	failed := EndInput{ClusterID: clusterID, RunID: "run-2", Outcome: api.OpFailed, Reason: "because"}
	require.NoError(t, w.acts.EndOperation(t.Context(), failed))
	rec := w.record()
	require.Equal(t, lifecycle.Deleting, rec.State, "no state given leaves it")
	require.Equal(t, "because", rec.Reason)
	require.True(t, rec.EverActive)
}

func TestRecordIsUpdatedFromManySidesWithoutLoss(t *testing.T) {
	t.Parallel()
	const n = 20
	w := newWorld(t)
	w.cluster(n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, errs[i] = w.deps.update(t.Context(), clusterID, func(rec *lifecycle.Record) error {
				rec.Nodes[i].Token = fmt.Sprint("token ", i)
				return nil
			})
		})
	}
	wg.Wait()
	rec := w.record()
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, fmt.Sprint("token ", i), rec.Nodes[i].Token)
	}
}

func TestRecordThatKeepsChangingIsTriedAgainLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cluster(1)
	tries := 0
	_, err := w.deps.update(t.Context(), clusterID, func(rec *lifecycle.Record) error {
		tries++
		_, err := w.deps.Records.PutRecord(t.Context(), changed(w.record(), fmt.Sprint(tries)), indexOf(w))
		require.NoError(t, err)
		rec.Reason = "mine"
		return nil
	})
	require.True(t, w.requireFault(fault.Unreachable, err).Retryable)
	require.Equal(t, casTries, tries)
}

func changed(rec *lifecycle.Record, reason string) *lifecycle.Record {
	rec.Reason = reason
	return rec
}

func indexOf(w *world) uint64 {
	_, index, err := w.store.Record(w.Context(), clusterID)
	require.NoError(w, err)
	return index
}

func TestPublishIsOncePerOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.cluster(1)
	require.NoError(t, w.acts.Provision(t.Context(), NodesInput{ClusterID: clusterID, Nodes: ids(rec)}))
	for range 2 {
		require.NoError(t, w.acts.Publish(t.Context(), PublishInput{ClusterID: clusterID, Seq: 1, Revision: 1}))
	}
	require.EqualValues(t, 1, w.record().Revision)
	require.Len(t, w.store.History(clusterID), 1)
	w.requireFault(fault.Conflict, w.acts.Publish(t.Context(), PublishInput{ClusterID: clusterID, Seq: 2, Revision: 1}))
	require.NoError(t, w.acts.Publish(t.Context(), PublishInput{ClusterID: clusterID, Seq: 2, Revision: 2}))
	p, ok := w.store.Tree(clusterID)
	require.True(t, ok)
	want, err := metadata.Build(w.record())
	require.NoError(t, err)
	require.Equal(t, want, p.Tree)

	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
	_, ok = w.store.Tree(clusterID)
	require.False(t, ok)
	require.Empty(t, w.store.Operation(clusterID))
}
