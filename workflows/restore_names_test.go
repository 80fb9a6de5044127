package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// A restored cluster claims its name like every other: one that is taken is refused where it was asked for, and gives way where it
// is the original's. A deleted cluster has its name until it is released.
func TestARestoredClusterClaimsItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	b, name := w.backup(api.BackupClusterInput{}), w.record().Name
	restore := func(id, name string) *run {
		return w.startAs("cluster/"+id, api.RestoreCluster, api.RestoreClusterInput{Backup: b.ID, Name: name})
	}
	named := func(id string) string {
		rec, _, err := w.store.Record(t.Context(), id)
		require.NoError(t, err)
		return rec.Name
	}
	const one, two, three = "cl-restore1", "cl-restore2", "cl-restore3"
	f := restore(one, name).fault()
	require.Equal(t, fault.Conflict, f.Type)
	require.Contains(t, f.Message, "taken by cluster "+clusterID)
	require.True(t, f.Refused)

	require.NoError(t, restore(one, "").err)
	require.Equal(t, name+"-restore1", named(one))
	require.NoError(t, restore(two, "copy").err)
	require.Equal(t, "copy", named(two))
	require.Contains(t, restore(three, "copy").fault().Message, "taken by cluster "+two)

	w.start1(api.DeleteCluster, api.DeleteClusterInput{Keep: "2h"})
	require.Contains(t, restore(three, name).fault().Message, "taken by cluster "+clusterID)
	w.start1(api.CeaseCluster, api.CeaseClusterInput{})
	require.NoError(t, restore(three, "").err)
	require.Equal(t, name, named(three))
}

// Protection refuses force, which would override the package's guard, and nothing else of a restore in place.
func TestAProtectedClusterIsRestoredInPlaceWithoutForceAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createCustom(w)
	b, yes := w.backup(api.BackupClusterInput{}), true
	_, err := w.acts.Records.EditCluster(t.Context(), api.EditClusterInput{ClusterID: clusterID, Protected: &yes})
	require.NoError(t, err)
	before := len(w.commands())
	f := w.start(api.RestoreInPlace, api.RestoreInPlaceInput{Backup: b.ID, Force: true}).fault()
	require.Equal(t, fault.NotAllowed, f.Type)
	require.Contains(t, f.Message, "is protected and does not allow force")
	require.Len(t, w.commands(), before)
	w.start1(api.RestoreInPlace, api.RestoreInPlaceInput{Backup: b.ID})
	require.Equal(t, lifecycle.Active, w.record().State)
	require.True(t, w.record().Protected)
}
