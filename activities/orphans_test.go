package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

func (w *world) ledger() []lifecycle.Orphan {
	w.Helper()
	ledger, err := w.store.Orphans(w.Context())
	require.NoError(w, err)
	return ledger
}

// release is the last attempt of an operation to release everything.
func (w *world) release() ReleaseResult {
	w.Helper()
	out, err := w.acts.Release(w.Context(), ReleaseInput{ClusterID: clusterID})
	require.NoError(w, err)
	return out
}

// ended: no operation runs on the cluster any more.
func (w *world) ended(state lifecycle.State) {
	w.Helper()
	require.NoError(w, w.acts.EndOperation(w.Context(), EndInput{ClusterID: clusterID, RunID: "run-1", Outcome: api.OpSucceeded, ClusterState: state}))
}

func (w *world) tryOrphans() api.ReleasedOrphans {
	w.Helper()
	out, err := w.acts.ReleaseOrphans(w.Context())
	require.NoError(w, err)
	return out
}

func TestOrphansAreTriedUntilTheyAreGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	w.provider.On(fakeprovider.Rule{Method: "DeleteInstance", ID: rec.Nodes[0].InstanceID, Fault: fault.New(fault.Unreachable, "away")})
	w.release()
	require.Len(t, w.ledger(), 2)
	require.Equal(t, api.ReleasedOrphans{Left: 2}, w.tryOrphans(), "the operation that released them still runs")
	require.Equal(t, 1, w.ledger()[0].Attempts)
	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))

	require.Equal(t, api.ReleasedOrphans{Left: 2}, w.tryOrphans())
	first := w.ledger()[0]
	require.Equal(t, 2, first.Attempts)
	require.Equal(t, "away", first.Reason)

	// Deleted by hand meanwhile: gone is gone.
	w.provider.Clear()
	require.NoError(t, w.provider.DeleteInstance(t.Context(), rec.Nodes[0].InstanceID))
	require.Equal(t, api.ReleasedOrphans{Released: 2}, w.tryOrphans())
	require.Empty(t, w.ledger())
	require.Empty(t, w.provider.Everything())
	require.Equal(t, api.ReleasedOrphans{}, w.tryOrphans())
}

// Nobody can say what a cluster has while its provider is away: what it is tagged with is released when that is back.
func TestOrphansOfAProviderThatCannotList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(1)
	_, err := w.provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: clusterID}, SizeGiB: 1})
	require.NoError(t, err)
	w.provider.On(fakeprovider.Rule{Method: "List", Fault: fault.New(fault.Unreachable, "away")})
	require.Len(t, w.release().Orphans, 1)
	require.Equal(t, lifecycle.KindCluster, w.ledger()[0].Kind)
	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
	w.provider.Clear()
	require.Equal(t, api.ReleasedOrphans{Released: 1}, w.tryOrphans())
	require.Empty(t, w.provider.Everything())
}

func TestOrphansOfAProviderNobodyServes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := lifecycle.Orphan{ClusterID: clusterID, Provider: "elsewhere", Kind: lifecycle.KindInstance, ID: "i-aaaaaaaa"}
	require.NoError(t, w.store.PutOrphans(t.Context(), []lifecycle.Orphan{o}))
	require.Equal(t, api.ReleasedOrphans{Left: 1}, w.tryOrphans())
	require.Contains(t, w.ledger()[0].Reason, `provider "elsewhere"`)
}

// What a cluster uses is no orphan, whoever wrote it down.
func TestOrphansThatAClusterUsesAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(1)
	w.ended(lifecycle.Active)
	o := lifecycle.Orphan{ClusterID: clusterID, Provider: "fake", Kind: lifecycle.KindInstance, ID: rec.Nodes[0].InstanceID}
	require.NoError(t, w.store.PutOrphans(t.Context(), []lifecycle.Orphan{o}))
	require.Zero(t, w.tryOrphans())
	require.Empty(t, w.ledger())
	require.Zero(t, w.provider.Count("DeleteInstance"))
}

func TestCollectOrphansTakesWhatNoRecordNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(1)
	_, err := w.provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: clusterID}, SizeGiB: 1})
	require.NoError(t, err)
	_, err = w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: clusterID})
	w.requireFault(fault.NotAllowed, err)

	w.ended(lifecycle.Active)
	before := w.provider.Everything()
	out, err := w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: clusterID, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, []string{"fake volume vol-stray000"}, out.Found)
	require.Equal(t, before, w.provider.Everything())

	w.provider.On(fakeprovider.Rule{Method: "DeleteVolume", Nth: 1, Fault: fault.New(fault.Unreachable, "storage is away")})
	out, err = w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.Len(t, out.Left, 1)
	require.Len(t, w.ledger(), 1)
	require.Equal(t, api.ReleasedOrphans{Released: 1}, w.tryOrphans())
	require.Len(t, w.provider.Everything().Volumes, 1)

	// Without a record everything is.
	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
	out, err = w.acts.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.Len(t, out.Found, 3)
	require.Empty(t, out.Left)
	require.Empty(t, w.provider.Everything())
}
