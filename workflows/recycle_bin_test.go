package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

func TestADeletedClusterComesBackAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	before, was := w.record(), w.condition()
	w.start1(api.DeleteCluster, api.DeleteClusterInput{Keep: "90m"})
	rec := w.record()
	require.Equal(t, lifecycle.Deleted, rec.State)
	require.Equal(t, &lifecycle.Binned{Since: "2026-01-02T03:04:05Z", Until: "2026-01-02T04:34:05Z"}, rec.Binned)
	w.sound()
	for _, refused := range []string{api.StartCluster, api.DeleteCluster, api.RepairCluster} {
		require.Equal(t, fault.NotAllowed, w.start(refused, map[string]any{}).fault().Type, refused)
	}

	at := len(w.commands())
	w.start1(api.RecoverCluster, api.RecoverClusterInput{})
	w.sound()
	require.Equal(t, was, w.condition(), "machines, volumes, addresses, sizes and metadata")
	require.Equal(t, before.GlobalUUID, w.record().GlobalUUID)
	for _, c := range w.commands()[at:] {
		require.Contains(t, c, "RC3 start ", "start alone")
	}
	require.NotEmpty(t, w.commands()[at:])
}

func TestRecoveryMakesLostMachinesAgainAndNoLostVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prepareDeleted(w)
	w.lose("a", 1)
	w.start1(api.RecoverCluster, api.RecoverClusterInput{})
	w.sound()

	w.start1(api.DeleteCluster, api.DeleteClusterInput{Keep: "2h"})
	w.lose("a", 1)
	require.NoError(t, w.provider.DeleteVolume(t.Context(), w.node("a", 1).VolumeIDs[0]))
	f := w.start(api.RecoverCluster, api.RecoverClusterInput{}).fault()
	require.Equal(t, fault.NotAllowed, f.Type)
	require.Contains(t, f.Message, "their data with them")
	require.True(t, f.Refused)
	w.start1(api.CeaseCluster, api.CeaseClusterInput{})
	w.nothingLeft()
}

func TestKeepByClusterAndWhatIsProtected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishStore()
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "store", Version: "1", Keep: "1h"})
	w.start1(api.DeleteCluster, api.DeleteClusterInput{})
	require.Equal(t, "2026-01-02T04:04:05Z", w.record().Binned.Until)
	yes, no := true, false
	edit := func(protected *bool) {
		_, err := w.acts.Records.EditCluster(t.Context(), api.EditClusterInput{ClusterID: clusterID, Protected: protected})
		require.NoError(t, err)
	}
	edit(&yes)
	w.later = 2 * time.Hour
	seen, err := w.acts.Records.DueClusters(t.Context(), api.EmptyBinInput{})
	require.NoError(t, err)
	require.Equal(t, api.DueClusters{Binned: 1}, seen)
	require.Contains(t, w.start(api.CeaseCluster, api.CeaseClusterInput{}).fault().Message, "is protected")
	edit(&no)
	w.start1(api.RecoverCluster, api.RecoverClusterInput{})
	w.start1(api.DeleteCluster, api.DeleteClusterInput{Keep: "0"})
	w.nothingLeft()
}

func TestTheTimerReleasesWhatIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prepareDeleted(w)
	w.later = time.Hour
	require.Contains(t, w.start(api.CeaseCluster, api.CeaseClusterInput{Expired: true}).fault().Message, "is not up")
	w.later = 2 * time.Hour
	require.NoError(t, w.startAs(api.BinWorkflowID, api.EmptyBin, api.EmptyBinInput{}).err)
	w.nothingLeft()
}

func TestARecoveryThatFailsGivesTheWholeTimeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prepareDeleted(w)
	w.later = 119 * time.Minute
	w.inject = &injection{k: 2, how: failsBefore}
	require.Error(t, w.start(api.RecoverCluster, api.RecoverClusterInput{}).err)
	w.inject = nil
	w.sound()
	require.Equal(t, lifecycle.Deleted, w.record().State)
	require.Equal(t, "2026-01-02T07:03:05Z", w.record().Binned.Until)
}

func TestAFullProviderNamesTheRecycleBin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prepareDeleted(w)
	w.provider.On(fakeprovider.Rule{Method: "CreateInstance", Fault: fault.New(fault.NoCapacity, "all addresses are taken")})
	f := w.startAs("cluster/cl-test0002", api.CreateCluster, api.CreateClusterInput{App: "store", Version: "1"}).fault()
	require.Equal(t, fault.NoCapacity, f.Type)
	require.Contains(t, f.Hint, "5 machines of this provider are kept by deleted clusters")
}
