package activities

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/providers/fake"
)

func TestProvisionIsRepeatedWithoutMakingAnythingTwice(t *testing.T) {
	t.Parallel()
	for _, when := range []fake.When{fake.Before, fake.Half, fake.After} {
		t.Run(fmt.Sprint(when), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.cluster(3)
			w.provider.On(fake.Rule{Method: "CreateInstance", ID: rec.Nodes[1].InstanceID, Nth: 1, When: when, Steps: 2, Fault: fault.New(fault.Unreachable, "answer lost")})
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
	w.provider.On(fake.Rule{Method: "CreateInstance", Fault: fault.New(fault.NoCapacity, "no addresses left")})
	f := w.requireFault(fault.NoCapacity, w.acts.Provision(t.Context(), NodesInput{ClusterID: clusterID, Nodes: ids(rec)}))
	require.Contains(t, f.Message, "20 nodes failed")
	require.Len(t, f.Problems, maxNamed)
	require.True(t, f.Retryable)

	w.provider.Clear()
	w.provider.On(fake.Rule{Method: "CreateInstance", ID: rec.Nodes[7].InstanceID, Fault: fault.New(fault.Invalid, "no such image")})
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
		require.NoError(t, w.acts.Release(t.Context(), ReleaseInput{ClusterID: clusterID}))
	}
	left := w.provider.Everything()
	require.Empty(t, left.Instances)
	require.Empty(t, left.Networks)
	require.Len(t, left.Volumes, 1)
	require.Equal(t, "vol-foreign0", left.Volumes[0].ID)
	require.Empty(t, w.record().Orphans)

	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
	require.NoError(t, w.acts.Release(t.Context(), ReleaseInput{ClusterID: clusterID}), "a cluster that is gone is released")
	require.NoError(t, w.acts.Deregister(t.Context(), DeregisterInput{ClusterID: clusterID}))
}

// A provider may forget to list; the record does not.
func TestReleaseOfWhatTheProviderDoesNotList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(2)
	deps := w.deps
	deps.Providers = map[string]providers.Provider{"fake": silent{w.provider}}
	require.NoError(t, New(deps).Release(t.Context(), ReleaseInput{ClusterID: clusterID}))
	require.Empty(t, w.provider.Everything())
}

type silent struct{ *fake.Provider }

func (silent) List(context.Context, string) (providers.Resources, error) {
	return providers.Resources{}, nil
}

func TestReleaseRecordsWhatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(3)
	w.provider.On(fake.Rule{Method: "DeleteVolume", ID: rec.Nodes[0].VolumeIDs[0], Fault: fault.New(fault.Unreachable, "storage is away")})
	w.provider.On(fake.Rule{Method: "DeleteInstance", ID: rec.Nodes[2].InstanceID, Fault: fault.New(fault.NotAllowed, "locked by hand")})
	f := w.requireFault(fault.Unreachable, w.acts.Release(t.Context(), ReleaseInput{ClusterID: clusterID}))
	require.True(t, f.Retryable)
	for _, text := range []string{rec.Nodes[0].VolumeIDs[0], "storage is away", rec.Nodes[2].InstanceID, "locked by hand"} {
		require.Contains(t, f.Message, text)
	}
	orphans := w.record().Orphans
	require.Contains(t, orphans, lifecycle.Orphan{Provider: "fake", Kind: "instance", ID: rec.Nodes[2].InstanceID, Reason: "locked by hand"})
	require.Contains(t, orphans, lifecycle.Orphan{Provider: "fake", Kind: "volume", ID: rec.Nodes[0].VolumeIDs[0], Reason: "storage is away"})
	require.Len(t, w.provider.Everything().Instances, 1, "the others are gone")

	w.provider.Clear()
	require.NoError(t, w.acts.Release(t.Context(), ReleaseInput{ClusterID: clusterID}))
	require.Empty(t, w.provider.Everything())
	require.Empty(t, w.record().Orphans)
}

func TestReleaseErrorOfManyResourcesIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(400)
	w.provider.On(fake.Rule{Method: "DeleteInstance", Fault: fault.New(fault.Unreachable, "%s", strings.Repeat("away ", 40))})
	err := w.acts.Release(t.Context(), ReleaseInput{ClusterID: clusterID})
	f := w.requireFault(fault.Unreachable, err)
	require.LessOrEqual(t, len(f.Error())+len(jsonOf(t, f)), resultLimit, "both travel")
	require.Contains(t, f.Message, "resources of "+clusterID+" could not be released")
	require.GreaterOrEqual(t, len(w.record().Orphans), 400, "the record has them all")
}
