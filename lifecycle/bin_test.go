package lifecycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHowLongADeletedClusterIsKept(t *testing.T) {
	t.Parallel()
	lived := View{State: Active, EverActive: true}
	for _, tc := range []struct {
		name             string
		view             View
		request, setting string
		byDefault, want  time.Duration
	}{
		{"nothing says so", lived, "", "", 0, 0},
		{"the worker", lived, "", "", 2 * time.Hour, 2 * time.Hour},
		{"the cluster, before the worker", lived, "", "30m", 2 * time.Hour, 30 * time.Minute},
		{"the request, before the cluster", lived, "1h", "30m", 2 * time.Hour, time.Hour},
		{"the request: at once", lived, "0", "30m", 2 * time.Hour, 0},
		{"the cluster: at once", lived, "", "0s", 2 * time.Hour, 0},
		{"it never was active", View{State: Failed}, "1h", "", 0, 0},
		{"it is being released already", View{State: Deleting, EverActive: true}, "1h", "", 0, 0},
	} {
		require.Equal(t, tc.want, KeepFor(tc.view, tc.request, tc.setting, tc.byDefault), tc.name)
	}
}

func TestTheTimerOfTheRecycleBin(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	deleted := func() *Record {
		r := &Record{ClusterID: "cl-a", State: Deleted, Open: []string{"cln-a"}, Operation: Operation{Keep: "2h"}}
		r.EnterBin(now)
		return r
	}
	r := deleted()
	require.Equal(t, &Binned{Since: "2026-01-02T03:04:05Z", Until: "2026-01-02T05:04:05Z"}, r.Binned)
	require.Empty(t, r.Open, "no command runs on a machine that is off")
	r.EnterBin(now.Add(time.Hour))
	require.Equal(t, "2026-01-02T03:04:05Z", r.Binned.Since, "a second last word changes nothing")

	protected, released, active := deleted(), deleted(), deleted()
	protected.Protected, released.State, active.State = true, Deleting, Active
	for _, tc := range []struct {
		name string
		rec  *Record
		at   time.Duration
		left time.Duration
		due  bool
	}{
		{"not yet", deleted(), time.Minute, 2*time.Hour - time.Minute, true},
		{"up", deleted(), 2 * time.Hour, 0, true},
		{"long up: everything was down", deleted(), 48 * time.Hour, 0, true},
		{"protected", protected, 48 * time.Hour, 0, false},
		{"a release that died", released, time.Minute, 0, true},
		{"recovered", active, 48 * time.Hour, 0, false},
		{"never deleted", &Record{State: Active}, 48 * time.Hour, 0, false},
	} {
		left, due := tc.rec.DueIn(now.Add(tc.at))
		require.Equal(t, tc.left, left, tc.name)
		require.Equal(t, tc.due, due, tc.name)
		require.Equal(t, due && left == 0, MayCease(tc.rec, true, now.Add(tc.at)) == nil, tc.name)
		require.Nil(t, MayCease(tc.rec, false, now.Add(tc.at)), "a user need not wait: "+tc.name)
	}

	r = deleted()
	r.StayInBin(now.Add(119 * time.Minute))
	require.Equal(t, &Binned{Since: "2026-01-02T05:03:05Z", Until: "2026-01-02T07:03:05Z"}, r.Binned, "a recovery begins, and may fail")
}

func TestWhatMayHappenInTheRecycleBin(t *testing.T) {
	t.Parallel()
	var may []Op
	for _, p := range Catalogue {
		if !MakesCluster(p.Op) && May(p.Op, Deleted) == nil {
			may = append(may, p.Op)
		}
	}
	require.Equal(t, []Op{OpDeleteBackup, OpRecoverCluster, OpCeaseCluster}, may)
	require.Contains(t, May(OpDeleteCluster, Deleted).Hint, "drover cease")

	lost := &Record{ClusterID: "cl-a", Provider: "local", Nodes: []Node{{Role: "a", SID: 1, VolumeIDs: []string{"vol-1", "vol-2"}}}}
	require.Nil(t, MayRecover(lost, []string{"vol-2", "vol-1", "vol-9"}))
	require.Contains(t, MayRecover(lost, []string{"vol-1"}).Why, "1 volumes are missing at provider local, and their data with them, the first: vol-2 of a/1")

	protected := &Record{State: Deleted, Protected: true}
	require.NotNil(t, Protects(protected, OpCeaseCluster, false))
	require.Nil(t, Protects(protected, OpRecoverCluster, false))
	require.Equal(t, Deleted, AfterDeath(&Record{State: Deleted, Target: &Version{}, Operation: Operation{Type: OpRecoverCluster}}))

	dependant := linking("cl-b", Deleted, map[string]string{"db": "cl-a"})
	linked := LinkedBy("cl-a", []*Record{dependant})
	require.Len(t, linked, 1, "it may come back")
	require.Contains(t, refuseLinked(linked).Hint, "drover cease cl-b")
	require.Contains(t, LinkProblem("cl-b", dependant), "is deleted, not active")
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{"2h": 2 * time.Hour, "1h30m": 90 * time.Minute, "45s": 45 * time.Second, "1m30s": 90 * time.Second, "10h": 10 * time.Hour, "20m": 20 * time.Minute} {
		require.Equal(t, want, Span(d))
	}
}
