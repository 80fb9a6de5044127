package api

import (
	"fmt"
	"strings"
	"time"
)

// ScheduleID is the id of the Temporal Schedule of a cluster's backups, and begins the ids of the workflows that it starts.
func ScheduleID(clusterID string) string { return "backup-schedule/" + clusterID }

// ScheduledBackupInput starts ScheduledBackup under workflow id backup-schedule/<cluster id>-<time>: a Temporal Schedule does.
type ScheduledBackupInput struct {
	ClusterID string `json:"cluster_id"`
	// Window is the time of day in which the backup may begin, "03:00-05:00", in TimeZone (default: UTC).
	Window   string `json:"window"`
	TimeZone string `json:"time_zone,omitempty"`
	// Keep is how many chains that schedules began are kept, Chain how many points a chain may have.
	Keep  int `json:"keep"`
	Chain int `json:"chain"`
	// Target is where the data goes; default: the worker's.
	Target string `json:"target,omitempty"`
}

// ScheduledBackupResult is what ScheduledBackup returns.
type ScheduledBackupResult struct {
	Backup  string   `json:"backup,omitempty"`
	Deleted []string `json:"deleted,omitempty"` // the points of the oldest chains
	// Skipped is why there was nothing to do.
	Skipped string `json:"skipped_because,omitempty"`
}

// ExpiredBackupsInput asks which chains go.
type ExpiredBackupsInput struct {
	ClusterID string `json:"cluster_id"`
	Keep      int    `json:"keep"`
}

// ExpiredBackups are the full backups of the chains that go, the oldest first.
type ExpiredBackups struct {
	Backups []string `json:"backups,omitempty"`
}

// ShortestWindow is the shortest window of a schedule.
const ShortestWindow = 5 * time.Minute

// ParseWindow reads a window, "23:30-01:00": the minute of the day at which it opens, and how long it is open.
func ParseWindow(text string) (opens, length time.Duration, err error) {
	from, to, ok := strings.Cut(text, "-")
	start, err1 := time.Parse("15:04", from)
	end, err2 := time.Parse("15:04", to)
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%q is not of the form 03:00-05:00", text)
	}
	opens = time.Duration(start.Hour())*time.Hour + time.Duration(start.Minute())*time.Minute
	if length = end.Sub(start); length <= 0 {
		length += 24 * time.Hour
	}
	if length < ShortestWindow {
		return 0, 0, fmt.Errorf("%q is shorter than %s", text, ShortestWindow)
	}
	return opens, length, nil
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in ScheduledBackupInput) Problems() []string {
	p := DescribeClusterInput{ClusterID: in.ClusterID}.Problems()
	if _, _, err := ParseWindow(in.Window); err != nil {
		p = append(p, "window: "+err.Error())
	}
	for _, n := range []struct {
		field string
		value int
	}{{"keep", in.Keep}, {"chain", in.Chain}} {
		if n.value < 1 || n.value > 1000 {
			p = append(p, fmt.Sprintf("%s: %d; must be from 1 to 1000", n.field, n.value))
		}
	}
	return p
}
