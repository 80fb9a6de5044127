package orphans_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/publish"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/tests/fakes/fakeprovider"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func retry(w *world.World) api.ReleasedOrphans {
	w.Helper()
	out, err := w.Acts.Orphans.ReleaseOrphans(w.Context(), api.RetryOrphansInput{})
	require.NoError(w, err)
	return out
}

func TestOrphansAreTriedUntilTheyAreGone(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	w.Provider.On(fakeprovider.Rule{Method: "DeleteInstance", ID: rec.Nodes[0].InstanceID, Fault: fault.New(fault.Unreachable, "away")})
	w.Release()
	require.Len(t, w.Orphans(), 2)
	require.Equal(t, api.ReleasedOrphans{Left: 2}, retry(w), "the operation that released them still runs")
	require.Equal(t, 1, w.Orphans()[0].Attempts)
	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))

	require.Equal(t, api.ReleasedOrphans{Left: 2}, retry(w))
	first := w.Orphans()[0]
	require.Equal(t, 2, first.Attempts)
	require.Equal(t, "away", first.Reason)

	// Deleted by hand meanwhile: gone is gone.
	w.Provider.Clear()
	require.NoError(t, w.Provider.DeleteInstance(t.Context(), rec.Nodes[0].InstanceID))
	require.Equal(t, api.ReleasedOrphans{Released: 2}, retry(w))
	require.Empty(t, w.Orphans())
	require.Empty(t, w.Provider.Everything())
	require.Equal(t, api.ReleasedOrphans{}, retry(w))
}

// It is not known what a cluster has while its provider is away: what it is tagged with is released when that is back.
func TestOrphansOfAProviderThatCannotList(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	_, err := w.Provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: world.ClusterID}, SizeGiB: 1})
	require.NoError(t, err)
	w.Provider.On(fakeprovider.Rule{Method: "List", Fault: fault.New(fault.Unreachable, "away")})
	require.Len(t, w.Release().Orphans, 1)
	require.Equal(t, lifecycle.KindCluster, w.Orphans()[0].Kind)
	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))
	w.Provider.Clear()
	require.Equal(t, api.ReleasedOrphans{Released: 1}, retry(w))
	require.Empty(t, w.Provider.Everything())
}

func TestOrphansOfAProviderNobodyServes(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	o := lifecycle.Orphan{ClusterID: world.ClusterID, Provider: "elsewhere", Kind: lifecycle.KindInstance, ID: "i-aaaaaaaa"}
	require.NoError(t, w.Store.PutOrphans(t.Context(), []lifecycle.Orphan{o}))
	require.Equal(t, api.ReleasedOrphans{Left: 1}, retry(w))
	require.Contains(t, w.Orphans()[0].Reason, `provider "elsewhere"`)
}

// What a cluster uses is not an orphan, whatever wrote it down.
func TestOrphansThatAClusterUsesAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(1)
	w.Ended(lifecycle.Active)
	o := lifecycle.Orphan{ClusterID: world.ClusterID, Provider: "fake", Kind: lifecycle.KindInstance, ID: rec.Nodes[0].InstanceID}
	require.NoError(t, w.Store.PutOrphans(t.Context(), []lifecycle.Orphan{o}))
	require.Zero(t, retry(w))
	require.Empty(t, w.Orphans())
	require.Zero(t, w.Provider.Count("DeleteInstance"))
}

func TestCollectOrphansTakesWhatNoRecordNames(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	_, err := w.Provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: world.ClusterID}, SizeGiB: 1})
	require.NoError(t, err)
	_, err = w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID})
	w.RequireFault(fault.NotAllowed, err)

	w.Ended(lifecycle.Active)
	before := w.Provider.Everything()
	out, err := w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, []string{"fake volume vol-stray000"}, out.Found)
	require.Equal(t, before, w.Provider.Everything())

	w.Provider.On(fakeprovider.Rule{Method: "DeleteVolume", Nth: 1, Fault: fault.New(fault.Unreachable, "storage is away")})
	out, err = w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Len(t, out.Left, 1)
	require.Len(t, w.Orphans(), 1)
	require.Equal(t, api.ReleasedOrphans{Released: 1}, retry(w))
	require.Len(t, w.Provider.Everything().Volumes, 1)

	// Without a record everything is.
	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))
	out, err = w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Len(t, out.Found, 3)
	require.Empty(t, out.Left)
	require.Empty(t, w.Provider.Everything())
}

// Keys that outlived their cluster are told, and those of clusters that live are not.
func TestListOrphansTellsKeysWithoutACluster(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	gone := metadata.Tree{"self/cluster/vxnet": "v"}
	w.Store.LeaveTree("cl-gone0001", gone)
	list, err := w.Acts.Orphans.ListOrphans(t.Context(), api.ListOrphansInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"cl-gone0001"}, list.Remains)
	list, err = w.Acts.Orphans.ListOrphans(t.Context(), api.ListOrphansInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Empty(t, list.Remains)
}

// What providers have of clusters without a record is listed, and so is a provider that cannot be queried.
func TestListOrphansAsksProviders(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(2)
	list := func() api.OrphanList {
		out, err := w.Acts.Orphans.ListOrphans(t.Context(), api.ListOrphansInput{})
		require.NoError(t, err)
		return out
	}
	require.Empty(t, list().Remains)
	w.Store.LoseTree(world.ClusterID)
	w.Store.LoseRecord(world.ClusterID)
	require.Equal(t, []string{world.ClusterID}, list().Remains)

	out, err := w.Acts.Orphans.CollectOrphans(t.Context(), api.CollectOrphansInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Empty(t, out.Left)
	require.Empty(t, w.Provider.Everything())
	require.Equal(t, api.OrphanList{Orphans: []api.Orphan{}}, list())

	w.Provider.On(fakeprovider.Rule{Method: "List", Nth: 1, Fault: fault.New(fault.Unreachable, "the hypervisor is away")})
	require.Equal(t, []string{"provider fake cannot be queried: the hypervisor is away"}, list().Problems)
}

// An entry of a cluster whose record cannot be read is left alone, and the others are released.
func TestReleaseOrphansPastADamagedRecord(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Store.Damage("cl-damaged0")
	entry := func(cluster, kind string) lifecycle.Orphan {
		return lifecycle.Orphan{ClusterID: cluster, Provider: "fake", Kind: kind, ID: "vol-" + cluster}
	}
	require.NoError(t, w.Store.PutOrphans(t.Context(), []lifecycle.Orphan{
		entry("cl-damaged0", lifecycle.KindVolume), entry("cl-gone0000", lifecycle.KindVolume), entry("cl-gone0000", lifecycle.KindUnreadable),
	}))
	require.Equal(t, api.ReleasedOrphans{Released: 1, Left: 1}, retry(w))
	left := w.Orphans()
	require.Len(t, left, 2)
	require.Equal(t, []string{lifecycle.KindVolume, lifecycle.KindUnreadable}, []string{left[0].Kind, left[1].Kind})
}
