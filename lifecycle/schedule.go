package lifecycle

import "fmt"

// BackupWaits says why a scheduled backup does not begin now; "" when it may. running is the operation that runs, bad counts the
// nodes that are unhealthy, off or silent.
func BackupWaits(s State, running string, bad, nodes int) string {
	switch {
	case running != "":
		return running + " runs"
	case s != Active:
		return fmt.Sprintf("the cluster is %s", s)
	case bad > 0:
		return fmt.Sprintf("%d of %d nodes are unhealthy or do not respond", bad, nodes)
	}
	return ""
}

// Expired are the full backups of the chains that go when keep of those that schedules began are kept, the oldest first. Chains
// that people began stay.
func Expired(all []Backup, clusterID string, keep int) []string {
	var scheduled []string
	for _, chain := range Chains(all, clusterID) {
		if chain[0].Why == BackupScheduled {
			scheduled = append(scheduled, chain[0].ID)
		}
	}
	return scheduled[:max(len(scheduled)-keep, 0)]
}
