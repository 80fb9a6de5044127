package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhenAScheduledBackupWaits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		state   State
		running string
		bad     int
		want    string
	}{
		{Active, "", 0, ""},
		{Active, "AddNodes", 0, "AddNodes runs"},
		{Stopped, "", 0, "the cluster is stopped"},
		{Active, "", 1, "1 of 3 nodes are unhealthy or do not respond"},
	} {
		require.Equal(t, tc.want, BackupWaits(tc.state, tc.running, tc.bad, 3))
	}
}

func TestWhichChainsGo(t *testing.T) {
	t.Parallel()
	b := func(id, parent, why, at string) Backup {
		return Backup{ID: id, ClusterID: "cl-a", State: BackupWhole, Parent: parent, Why: why, CreatedAt: at}
	}
	all := []Backup{
		b("s-1", "", BackupScheduled, "1"), b("s-2", "s-1", BackupScheduled, "2"), b("s-3", "", BackupManual, "3"),
		b("s-4", "", BackupScheduled, "4"), b("s-5", "s-4", BackupManual, "5"), b("s-6", "", BackupScheduled, "6"),
		{ID: "s-7", ClusterID: "cl-a", State: BackupUnfinished, Why: BackupScheduled, CreatedAt: "7"},
		{ID: "s-8", ClusterID: "cl-b", State: BackupWhole, Why: BackupScheduled, CreatedAt: "0"},
	}
	for keep, want := range map[int][]string{1: {"s-1", "s-4"}, 2: {"s-1"}, 3: {}, 9: {}} {
		require.ElementsMatch(t, want, Expired(all, "cl-a", keep))
	}
	require.Empty(t, Expired(nil, "cl-a", 1))
}
