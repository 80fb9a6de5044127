package machines_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/activities/internal/fanout"
	"drover/activities/machines"
	"drover/activities/orphans"
	"drover/activities/publish"
	"drover/fault"
	"drover/providers"
	"drover/tests/fakes/fakeprovider"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestProvisionIsRepeatedWithoutMakingAnythingTwice(t *testing.T) {
	t.Parallel()
	for _, when := range []fakeprovider.When{fakeprovider.Before, fakeprovider.Half, fakeprovider.After} {
		t.Run(fmt.Sprint(when), func(t *testing.T) {
			t.Parallel()
			w := world.New(t)
			rec := w.Cluster(3)
			w.Provider.On(fakeprovider.Rule{Method: "CreateInstance", ID: rec.Nodes[1].InstanceID, Nth: 1, When: when, Steps: 2, Fault: fault.New(fault.Unreachable, "answer lost")})
			in := machines.NodesInput{ClusterID: world.ClusterID, Nodes: world.IDs(rec)}
			f := w.RequireFault(fault.Unreachable, w.Acts.Machines.Provision(t.Context(), in))
			require.True(t, f.Retryable)
			require.Equal(t, rec.Nodes[1].ID, f.Node)
			require.Contains(t, f.Message, "node a/2")
			after := w.Record()
			require.NotEmpty(t, after.Nodes[0].SSH.Addr, "what was made is recorded though another failed")
			require.Empty(t, after.Nodes[1].SSH.Addr)

			require.NoError(t, w.Acts.Machines.Provision(t.Context(), in))
			all := w.Provider.Everything()
			require.Len(t, all.Instances, 3)
			require.Len(t, all.Volumes, 3)
			require.Len(t, all.Networks, 1)
			for i, n := range w.Record().Nodes {
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
	w := world.New(t)
	rec := w.Cluster(20)
	w.Provider.On(fakeprovider.Rule{Method: "CreateInstance", Fault: fault.New(fault.NoCapacity, "no addresses left")})
	f := w.RequireFault(fault.NoCapacity, w.Acts.Machines.Provision(t.Context(), machines.NodesInput{ClusterID: world.ClusterID, Nodes: world.IDs(rec)}))
	require.Contains(t, f.Message, "20 nodes failed")
	require.Len(t, f.Problems, fanout.MaxNamed)
	require.True(t, f.Retryable)

	w.Provider.Clear()
	w.Provider.On(fakeprovider.Rule{Method: "CreateInstance", ID: rec.Nodes[7].InstanceID, Fault: fault.New(fault.Invalid, "no such image")})
	f = w.RequireFault(fault.Invalid, w.Acts.Machines.Provision(t.Context(), machines.NodesInput{ClusterID: world.ClusterID, Nodes: world.IDs(rec)}))
	require.False(t, f.Retryable, "one hopeless node makes a retry hopeless")
	require.Equal(t, rec.Nodes[7].ID, f.Node)
}

func TestProvisionByAnUnknownProvider(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Cluster(1)
	deps := w.Deps
	deps.Providers = map[string]providers.Provider{"b": w.Provider, "a": w.Provider}
	f := w.RequireFault(fault.Invalid, activities.New(deps).Machines.Provision(t.Context(), machines.NodesInput{ClusterID: world.ClusterID, Nodes: world.IDs(rec)}))
	require.Contains(t, f.Hint, "[a b]")
}

func TestReleaseTakesWhatIsListedAndWhatIsRecorded(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	// Made by a worker that died before it could record it, and recorded but gone outside of Drover.
	_, err := w.Provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-stray000", Tags: providers.Tags{ClusterID: world.ClusterID}, SizeGiB: 1})
	require.NoError(t, err)
	_, err = w.Provider.CreateVolume(t.Context(), providers.VolumeSpec{ID: "vol-foreign0", Tags: providers.Tags{ClusterID: "cl-other000"}, SizeGiB: 1})
	require.NoError(t, err)
	require.NoError(t, w.Provider.DeleteInstance(t.Context(), rec.Nodes[0].InstanceID))
	for range 2 {
		require.Empty(t, w.Release().Orphans)
	}
	left := w.Provider.Everything()
	require.Empty(t, left.Instances)
	require.Empty(t, left.Networks)
	require.Len(t, left.Volumes, 1)
	require.Equal(t, "vol-foreign0", left.Volumes[0].ID)
	require.Empty(t, w.Orphans())

	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))
	require.Empty(t, w.Release().Orphans, "a cluster that is gone is released")
	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))
}

// A provider may forget to list; the record does not.
func TestReleaseOfWhatTheProviderDoesNotList(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(2)
	deps := w.Deps
	deps.Providers = map[string]providers.Provider{"fake": silent{w.Provider}}
	_, err := activities.New(deps).Machines.Release(t.Context(), machines.ReleaseInput{ClusterID: world.ClusterID, RunID: "run-1"})
	require.NoError(t, err)
	require.Empty(t, w.Provider.Everything())
}

type silent struct{ *fakeprovider.Provider }

func (silent) List(context.Context, string) (providers.Resources, error) {
	return providers.Resources{}, nil
}

func TestReleaseLeavesWhatStaysToTheLedger(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(3)
	w.Provider.On(fakeprovider.Rule{Method: "DeleteVolume", ID: rec.Nodes[0].VolumeIDs[0], Fault: fault.New(fault.Unreachable, "storage is away")})
	w.Provider.On(fakeprovider.Rule{Method: "DeleteInstance", ID: rec.Nodes[2].InstanceID, Fault: fault.New(fault.NotAllowed, "locked by hand")})

	env := world.Environment()
	env.RegisterActivity(w.Acts.Machines.Release)
	_, err := env.ExecuteActivity(w.Acts.Machines.Release, machines.ReleaseInput{ClusterID: world.ClusterID, RunID: "run-1"})
	for _, text := range []string{rec.Nodes[0].VolumeIDs[0], "storage is away", rec.Nodes[2].InstanceID, "locked by hand"} {
		require.ErrorContains(t, err, text, "it is to be retried")
	}
	require.Empty(t, w.Orphans(), "until the last attempt it is the operation's own business")

	require.Len(t, w.Release().Orphans, 3)
	require.Len(t, w.Orphans(), 3, "the instance, its volume, and the other volume")
	require.Len(t, w.Provider.Everything().Instances, 1, "the others are gone")

	w.Provider.Clear()
	require.Empty(t, w.Release().Orphans)
	require.Empty(t, w.Provider.Everything())
	require.Empty(t, w.Orphans(), "what is released leaves the ledger")
}

func TestReleaseErrorOfManyResourcesIsBounded(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(400)
	w.Provider.On(fakeprovider.Rule{Method: "DeleteInstance", Fault: fault.New(fault.Unreachable, "%s", strings.Repeat("away ", 40))})
	env := world.Environment()
	env.RegisterActivity(w.Acts.Machines.Release)
	_, err := env.ExecuteActivity(w.Acts.Machines.Release, machines.ReleaseInput{ClusterID: world.ClusterID, RunID: "run-1"})
	require.LessOrEqual(t, len(err.Error()), world.ResultLimit)
	require.ErrorContains(t, err, "resources of "+world.ClusterID+" could not be released")

	require.LessOrEqual(t, len(world.JSON(t, w.Release())), world.ResultLimit)
	require.GreaterOrEqual(t, len(w.Orphans()), 400, "the ledger has them all")
	list, err := w.Acts.Orphans.ListOrphans(t.Context(), api.ListOrphansInput{})
	require.NoError(t, err)
	require.Equal(t, len(w.Orphans()), list.Total)
	require.Len(t, list.Orphans, orphans.MaxListed)
}
