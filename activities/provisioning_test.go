package activities

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/metadata"
	"drover/providers"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

func TestProvisionIsRepeatedWithoutMakingAnythingTwice(t *testing.T) {
	t.Parallel()
	for _, when := range []fakeprovider.When{fakeprovider.Before, fakeprovider.Half, fakeprovider.After} {
		t.Run(fmt.Sprint(when), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.cluster(3)
			w.provider.On(fakeprovider.Rule{Method: "CreateInstance", ID: rec.Nodes[1].InstanceID, Nth: 1, When: when, Steps: 2, Fault: fault.New(fault.Unreachable, "answer lost")})
			in := NodesInput{ClusterID: clusterID, Nodes: ids(rec)}
			f := w.requireFault(fault.Unreachable, w.acts.Provision(t.Context(), in))
			require.True(t, f.Retryable)
			require.Equal(t, rec.Nodes[1].ID, f.Node)
			require.Contains(t, f.Message, "node a/2")
			after := w.record()
			require.NotEmpty(t, after.Nodes[0].SSH.Addr, "what was made is recorded though another failed")
			require.Empty(t, after.Nodes[1].SSH.Addr)

			require.NoError(t, w.acts.Provision(t.Context(), in))
			all := w.provider.Everything()
			require.Len(t, all.Instances, 3)
			require.Len(t, all.Volumes, 3)
			require.Len(t, all.Networks, 1)
			for i, n := range w.record().Nodes {
				require.Equal(t, rec.Nodes[i].InstanceID, n.InstanceID)
				require.NotEmpty(t, n.SSH.Addr)
				require.NotEmpty(t, n.SSH.HostKey)
				require.NotEmpty(t, n.IP)
			}
		})
	}
}

func TestProvisionOfWhatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.cluster(20)
	w.provider.On(fakeprovider.Rule{Method: "CreateInstance", Fault: fault.New(fault.NoCapacity, "no addresses left")})
	f := w.requireFault(fault.NoCapacity, w.acts.Provision(t.Context(), NodesInput{ClusterID: clusterID, Nodes: ids(rec)}))
	require.Contains(t, f.Message, "20 nodes failed")
	require.Len(t, f.Problems, maxNamed)
	require.True(t, f.Retryable)

	w.provider.Clear()
	w.provider.On(fakeprovider.Rule{Method: "CreateInstance", ID: rec.Nodes[7].InstanceID, Fault: fault.New(fault.Invalid, "no such image")})
	f = w.requireFault(fault.Invalid, w.acts.Provision(t.Context(), NodesInput{ClusterID: clusterID, Nodes: ids(rec)}))
	require.False(t, f.Retryable, "one hopeless node makes trying again hopeless")
	require.Equal(t, rec.Nodes[7].ID, f.Node)
}

func TestProvisionByAnUnknownProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.cluster(1)
	deps := w.deps
	deps.Providers = map[string]providers.Provider{"b": w.provider, "a": w.provider}
	f := w.requireFault(fault.Invalid, New(deps).Provision(t.Context(), NodesInput{ClusterID: clusterID, Nodes: ids(rec)}))
	require.Contains(t, f.Hint, "[a b]")
}

func TestReleaseTakesWhatIsListedAndWhatIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	// Made by a worker that died before it could record it, and recorded but gone outside of Drover.
	_, err := w.provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: clusterID}, SizeGiB: 1})
	require.NoError(t, err)
	_, err = w.provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-foreign0", Tags: providers.Tags{ClusterID: "cl-other000"}, SizeGiB: 1})
	require.NoError(t, err)
	require.NoError(t, w.provider.DeleteInstance(t.Context(), rec.Nodes[0].InstanceID))
	for range 2 {
		require.Empty(t, w.release().Orphans)
	}
	left := w.provider.Everything()
	require.Empty(t, left.Instances)
	require.Empty(t, left.Networks)
	require.Len(t, left.Volumes, 1)
	require.Equal(t, "vol-foreign0", left.Volumes[0].ID)
	require.Empty(t, w.ledger())

	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
	require.Empty(t, w.release().Orphans, "a cluster that is gone is released")
	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
}

// A provider may forget to list; the record does not.
func TestReleaseOfWhatTheProviderDoesNotList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(2)
	deps := w.deps
	deps.Providers = map[string]providers.Provider{"fake": silent{w.provider}}
	_, err := New(deps).Release(t.Context(), ReleaseInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.Empty(t, w.provider.Everything())
}

type silent struct{ *fakeprovider.Provider }

func (silent) List(context.Context, string) (providers.Resources, error) {
	return providers.Resources{}, nil
}

func TestReleaseLeavesWhatStaysToTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(3)
	w.provider.On(fakeprovider.Rule{Method: "DeleteVolume", ID: rec.Nodes[0].VolumeIDs[0], Fault: fault.New(fault.Unreachable, "storage is away")})
	w.provider.On(fakeprovider.Rule{Method: "DeleteInstance", ID: rec.Nodes[2].InstanceID, Fault: fault.New(fault.NotAllowed, "locked by hand")})

	env := environment()
	env.RegisterActivity(w.acts.Release)
	_, err := env.ExecuteActivity(w.acts.Release, ReleaseInput{ClusterID: clusterID})
	for _, text := range []string{rec.Nodes[0].VolumeIDs[0], "storage is away", rec.Nodes[2].InstanceID, "locked by hand"} {
		require.ErrorContains(t, err, text, "it is to be tried again")
	}
	require.Empty(t, w.ledger(), "until the last attempt it is the operation's own business")

	require.Len(t, w.release().Orphans, 3)
	require.Len(t, w.ledger(), 3, "the instance, its volume, and the other volume")
	require.Len(t, w.provider.Everything().Instances, 1, "the others are gone")

	w.provider.Clear()
	require.Empty(t, w.release().Orphans)
	require.Empty(t, w.provider.Everything())
	require.Empty(t, w.ledger(), "what is released leaves the ledger")
}

func TestReleaseErrorOfManyResourcesIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(400)
	w.provider.On(fakeprovider.Rule{Method: "DeleteInstance", Fault: fault.New(fault.Unreachable, "%s", strings.Repeat("away ", 40))})
	env := environment()
	env.RegisterActivity(w.acts.Release)
	_, err := env.ExecuteActivity(w.acts.Release, ReleaseInput{ClusterID: clusterID})
	require.LessOrEqual(t, len(err.Error()), resultLimit)
	require.ErrorContains(t, err, "resources of "+clusterID+" could not be released")

	require.LessOrEqual(t, len(jsonOf(t, w.release())), resultLimit)
	require.GreaterOrEqual(t, len(w.ledger()), 400, "the ledger has them all")
	list, err := w.acts.ListOrphans(t.Context(), api.ListOrphansInput{})
	require.NoError(t, err)
	require.Equal(t, len(w.ledger()), list.Total)
	require.Len(t, list.Orphans, maxOrphansListed)
}

// Keys that outlived their cluster are told, and those of clusters that live are not.
func TestListOrphansTellsKeysWithoutACluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(1)
	gone := metadata.Tree{"self/cluster/vxnet": "v"}
	require.NoError(t, w.store.Publish(t.Context(), "cl-gone0001", 1, "somebody", gone))
	list, err := w.acts.ListOrphans(t.Context(), api.ListOrphansInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"cl-gone0001"}, list.Remains)
	list, err = w.acts.ListOrphans(t.Context(), api.ListOrphansInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.Empty(t, list.Remains)
}
