package records_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func prepare(run string) records.PrepareCreateInput {
	return records.PrepareCreateInput{
		ClusterID: world.ClusterID, RunID: run, Create: api.CreateClusterInput{App: "app", Values: map[string]any{"env.password": world.Secret}},
	}
}

func TestPrepareCreateIsOncePerRun(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.PublishApp(3)
	first, err := w.Acts.Records.PrepareCreate(t.Context(), prepare("run-1"))
	require.NoError(t, err)
	before := w.Record()
	require.Equal(t, lifecycle.Creating, before.State)
	require.Equal(t, api.CreateCluster, w.Store.Operation(world.ClusterID))

	require.NoError(t, w.Store.SetOperation(t.Context(), world.ClusterID, "run-1", ""), "as if the first attempt had died before it said so")
	again, err := w.Acts.Records.PrepareCreate(t.Context(), prepare("run-1"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, before, w.Record(), "the same ids")
	require.Equal(t, api.CreateCluster, w.Store.Operation(world.ClusterID))

	_, err = w.Acts.Records.PrepareCreate(t.Context(), prepare("run-2"))
	f := w.RequireFault(fault.Conflict, err)
	require.Contains(t, f.Message, "already exists, state creating")
	require.Equal(t, before, w.Record())
}

func TestPrepareCreateFromManySidesHasOneWinner(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.PublishApp(2)
	errs := make([]error, 20)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.Acts.Records.PrepareCreate(t.Context(), prepare(fmt.Sprint("run-", i))) })
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			require.Equal(t, fmt.Sprint("run-", i), w.Record().Operation.RunID)
			continue
		}
		w.RequireFault(fault.Conflict, err)
	}
	require.Equal(t, 1, won)
}

// A worker that was given up and woke up does the same at the same time as the one after it.
func TestPrepareCreateTwiceAtOnceIsOnce(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.PublishApp(2)
	other, slow := w.Acts, w.Deps
	var view records.Prepared
	slow.Now = sync.OnceValue(func() time.Time { // it has seen that there is no record, and not yet written one
		var err error
		view, err = other.Records.PrepareCreate(t.Context(), prepare("run-1"))
		require.NoError(t, err)
		return w.Deps.Now()
	})
	again, err := activities.New(slow).Records.PrepareCreate(t.Context(), prepare("run-1"))
	require.NoError(t, err)
	require.Equal(t, view, again, "the same ids")
	require.NotEmpty(t, view.NodeIDs())
}

func TestPrepareCreateDryRunTouchesNothing(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.PublishApp(2)
	in := prepare("run-1")
	in.Create.DryRun = true
	view, err := w.Acts.Records.PrepareCreate(t.Context(), in)
	require.NoError(t, err)
	require.NotContains(t, world.JSON(t, view), world.Secret)
	all, err := w.Store.RecordIDs(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
	require.Empty(t, w.Store.Operation(world.ClusterID))
	require.Equal(t, w.Provider.Count("List"), w.Provider.Count(""), "looked, and made nothing")
}

func TestPrepareCreateRefusals(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.PublishApp(1)
	for name, c := range map[string]struct {
		create api.CreateClusterInput
		typ    fault.Type
		text   string
	}{
		"application": {api.CreateClusterInput{App: "no-such"}, fault.NotFound, "no-such"},
		"version":     {api.CreateClusterInput{App: "app", Version: "9"}, fault.NotFound, `"9"`},
		"provider":    {api.CreateClusterInput{App: "app", Provider: "moon"}, fault.Invalid, "moon"},
		"values":      {api.CreateClusterInput{App: "app", Values: map[string]any{"env.no_such": world.Secret}}, fault.Invalid, "no_such"},
	} {
		_, err := w.Acts.Records.PrepareCreate(t.Context(), records.PrepareCreateInput{ClusterID: world.ClusterID, RunID: "r", Create: c.create})
		require.Truef(t, fault.Is(err, c.typ), "%s: %v", name, err)
		require.ErrorContains(t, err, c.text, name)
		require.NotContains(t, err.Error(), world.Secret, name)
	}
	all, err := w.Store.RecordIDs(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestBeginOperationIsOncePerRun(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Cluster(1)
	for range 3 {
		view, err := w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: world.ClusterID, RunID: "run-2", Type: api.DeleteCluster})
		require.NoError(t, err)
		require.Equal(t, 2, view.View.Seq)
	}
	require.Equal(t, "run-2", w.Record().Operation.RunID)
	require.Equal(t, api.DeleteCluster, w.Store.Operation(world.ClusterID))

	// The run before died without a word; the server lets only one be open, so the next one takes over.
	view, err := w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: world.ClusterID, RunID: "run-3", Type: api.DeleteCluster})
	require.NoError(t, err)
	require.Equal(t, 3, view.View.Seq)
	require.Equal(t, lifecycle.Operation{Seq: 3, Type: api.DeleteCluster, RunID: "run-3", State: api.OpRunning, StartedAt: "2026-01-02T03:04:05Z"}, w.Record().Operation)

	before := w.Record()
	view, err = w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: world.ClusterID, RunID: "run-4", Type: api.DeleteCluster, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, before, w.Record())
	require.NotContains(t, world.JSON(t, view), world.Secret)

	_, err = w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: "cl-unknown0", RunID: "r", Type: api.DeleteCluster})
	w.RequireFault(fault.NotFound, err)
	require.Empty(t, w.Store.Operation("cl-unknown0"))
}

func TestEndOperation(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Cluster(1)
	end := records.EndInput{
		ClusterID: world.ClusterID, RunID: "run-1", Outcome: api.OpSucceeded, ClusterState: lifecycle.Active, Added: world.IDs(w.Record()),
	}
	for range 2 {
		reported := w.End(end)
		rec := w.Record()
		require.Equal(t, lifecycle.Active, rec.State)
		require.True(t, rec.EverActive)
		require.Equal(t, api.OpSucceeded, rec.Operation.State)
		require.Empty(t, w.Store.Operation(world.ClusterID))
		require.Equal(t, []api.AddedNode{{NodeID: rec.Nodes[0].ID, Node: "a/1", IP: rec.Nodes[0].IP}}, reported.Added)
		require.Equal(t, []api.Reached{{Name: "client", Protocol: "tcp", Addresses: []string{rec.Nodes[0].IP + ":2379"}}}, reported.Endpoints)
	}
	_, err := w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: world.ClusterID, RunID: "run-2", Type: api.DeleteCluster})
	require.NoError(t, err)
	_, err = w.Acts.Records.EndOperation(t.Context(), end)
	w.RequireFault(fault.Conflict, err)
	require.Equal(t, api.DeleteCluster, w.Store.Operation(world.ClusterID), "the first run no longer has a say")

	running := records.EndInput{ClusterID: world.ClusterID, RunID: "run-2", Outcome: api.OpRunning, ClusterState: lifecycle.Deleting}
	require.Zero(t, w.End(running))
	require.Equal(t, lifecycle.Deleting, w.Record().State)
	require.Equal(t, api.DeleteCluster, w.Store.Operation(world.ClusterID), "it continues")

	failed := records.EndInput{ClusterID: world.ClusterID, RunID: "run-2", Outcome: api.OpFailed, Reason: "because"}
	require.Zero(t, w.End(failed))
	rec := w.Record()
	require.Equal(t, lifecycle.Deleting, rec.State, "no state given leaves it")
	require.Equal(t, "because", rec.Reason)
	require.True(t, rec.EverActive)
	require.Equal(t, "deleting", w.Store.Operation(world.ClusterID), "health checks rest: the cluster is not active")
}

// A request without a role is about the only one that it can be about, also when it is repeated.
func TestBeginOperationChoosesTheRole(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	require.NoError(t, w.Store.PutApp(t.Context(), metadata.App{
		AppID: "app", VersionID: "1", Archive: world.ArchiveWith(t, 1, `"advanced_actions":["scale_horizontal"],`),
	}))
	_, err := w.Acts.Records.PrepareCreate(t.Context(), prepare("run-1"))
	require.NoError(t, err)
	w.Ended(lifecycle.Active)
	for range 2 {
		begun, err := w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{
			ClusterID: world.ClusterID, RunID: "run-2", Type: api.AddNodes, Add: &api.AddNodesInput{Count: 2},
		})
		require.NoError(t, err)
		require.Equal(t, "a", begun.Role)
		require.Len(t, begun.Added, 2)
		require.Equal(t, begun.Added, w.Record().Adding)
	}
	require.Len(t, w.Record().Nodes, 3)
	require.NoError(t, w.Acts.Records.Abandon(t.Context(), records.AbandonInput{ClusterID: world.ClusterID, RunID: "run-2"}))
	begun, err := w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{
		ClusterID: world.ClusterID, RunID: "run-3", Type: api.ScaleVertical, Scale: &api.ScaleVerticalInput{CPU: 2},
	})
	require.NoError(t, err)
	require.Equal(t, "a", begun.Role)
}

// Machines of a cluster that are on no record would be taken for the new nodes' company, with server ids given twice.
func TestNoNodesBesideThoseOnNoRecord(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	w.Ended(lifecycle.Active)
	rec := w.Record()
	rec.Spec.AdvancedActions = []string{"scale_horizontal"}
	w.Put(rec)
	stray := providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: world.ClusterID}, SizeGiB: 1}
	_, err := w.Provider.CreateVolume(t.Context(), stray)
	require.NoError(t, err)
	add := records.BeginInput{ClusterID: world.ClusterID, RunID: "run-2", Type: api.AddNodes, Add: &api.AddNodesInput{Count: 1}}
	_, err = w.Acts.Records.BeginOperation(t.Context(), add)
	require.ErrorContains(t, err, "vol-stray000")
	require.Contains(t, w.RequireFault(fault.Conflict, err).Hint, "drover orphans "+world.ClusterID+" --collect")
	require.NoError(t, w.Provider.DeleteVolume(t.Context(), stray.ID))
	_, err = w.Acts.Records.BeginOperation(t.Context(), add)
	require.NoError(t, err)

	w.Store.LoseRecord(world.ClusterID)
	_, err = w.Acts.Records.PrepareCreate(t.Context(), records.PrepareCreateInput{ClusterID: world.ClusterID, RunID: "run-3", Create: api.CreateClusterInput{App: "app"}})
	w.RequireFault(fault.Conflict, err)
}
