package lifecycle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "drover/lifecycle"
)

func TestConcerns(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	const id = "cl-a"
	bad := []WatchedNode{
		{ID: "n1", Label: "kv/1", Health: Unhealthy, Since: "2", Reason: "exit status 1"}, {ID: "n2", Label: "kv/2", Health: Gone, Since: "1", Reason: "silent", Failing: []string{"x"}},
		{ID: "n3", Label: "kv/3", Health: Healthy, Failing: []string{"a.toml: reload"}, FailingSince: "3"}, {ID: "n4", Health: Off}, {ID: "n5", Health: HealthUnknown},
	}
	for name, tc := range map[string]struct {
		w       Watched
		orphans []Orphan
		backups []Backup
		want    []string // kind since what | repair
	}{
		"all is well": {w: Watched{State: Active, Nodes: []WatchedNode{{ID: "n", Health: Healthy}}}},
		"nodes, the gravest first": {w: Watched{State: Active, Nodes: bad}, want: []string{
			"node-gone 1 n2 kv/2 is gone: silent | drover repair cl-a --nodes n2",
			"node-unhealthy 2 n1 kv/1 is unhealthy: exit status 1 | drover repair cl-a --nodes n1",
			"template-failing 3 n3 kv/3 fails: a.toml: reload | drover doctor cl-a",
		}},
		"an operation runs": {w: Watched{State: Active, Nodes: bad, Operation: Operation{State: OperationRunning}}},
		"it is undone":      {w: Watched{State: Active, Nodes: bad, Operation: Operation{State: "undoing"}}},
		"it is stopped":     {w: Watched{State: Stopped, Nodes: bad}},
		"held": {w: Watched{State: Active, Operation: Operation{Type: "AddNodes", State: "held"}, Step: "AN4 init", StepSince: "4"}, want: []string{
			"operation-held 4  AddNodes is held at AN4 init | drover resolve cl-a --retry, --skip or --abort",
		}},
		"failed": {w: Watched{State: UpgradeFailed, Reason: "no image", Operation: Operation{StartedAt: "5"}}, want: []string{
			"cluster-failed 5  the cluster is upgrade_failed: no image | drover downgrade cl-a",
		}},
		"orphans of its own": {w: Watched{State: Active}, orphans: []Orphan{
			{ClusterID: "cl-b"}, {ClusterID: id, Provider: "local", Kind: KindVolume, ID: "vol-1", Reason: "busy", Attempts: 3, Since: "6"},
		}, want: []string{"orphan 6  local volume vol-1: busy is not released, after 3 attempts | drover orphans --retry"}},
		"the newest backup counts": {w: Watched{State: Active}, backups: []Backup{
			{ID: "s-1", ClusterID: id, State: BackupWhole, CreatedAt: "2026-01-01T00:00:00Z"},
			{ID: "s-2", ClusterID: id, State: BackupWhole, CreatedAt: "2026-01-01T12:00:00Z"},
			{ID: "s-3", ClusterID: id, State: BackupUnfinished, CreatedAt: "2026-01-02T00:00:00Z"}, {ID: "s-4", ClusterID: "cl-b", State: BackupWhole, CreatedAt: "2026-01-02T00:00:00Z"},
		}, want: []string{"backup-unverified 2026-01-01T12:00:00Z  backup s-2, the newest one, was never verified | drover backup verify s-2"}},
		"a young backup": {w: Watched{State: Active}, backups: []Backup{{ID: "s-1", ClusterID: id, State: BackupWhole, CreatedAt: "2026-01-02T00:00:00Z"}}},
		"verified":       {w: Watched{State: Active}, backups: []Backup{{ID: "s-1", ClusterID: id, State: BackupWhole, CreatedAt: "2026-01-01T00:00:00Z", Verified: &Verification{At: "7"}}}},
		"not as it was": {w: Watched{State: Active}, backups: []Backup{
			{ID: "s-1", ClusterID: id, State: BackupWhole, CreatedAt: "2026-01-01T00:00:00Z", Verified: &Verification{At: "7", Problem: "a key differs"}},
			{ID: "s-2", ClusterID: id, Problem: "cut"},
		}, want: []string{
			"backup-broken   backup s-2 cannot be used: cut | drover backup import s-2",
			"backup-broken 7  backup s-1 did not pass its verification: a key differs | drover backup verify s-1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.w.ClusterID = id
			var got []string
			for _, c := range Concerns(tc.w, tc.orphans, tc.backups, now) {
				require.Equal(t, id, c.ClusterID)
				require.Contains(t, ConcernKinds, c.Kind)
				got = append(got, fmt.Sprintf("%s %s %s %s | %s", c.Kind, c.Since, c.Node, c.What, c.Repair))
			}
			require.Equal(t, tc.want, got)
		})
	}
}
