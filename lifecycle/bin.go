package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Binned says since when a cluster is in the recycle bin, and until when it is kept there, both RFC 3339, UTC.
type Binned struct {
	Since string `json:"since"`
	Until string `json:"until"`
}

// KeepFor is how long a deletion keeps a cluster: what the request says, else the cluster's setting, else the worker's; 0 where
// it is released at once. A cluster that has no data to protect, or is being released already, is not kept.
func KeepFor(v View, request, setting string, byDefault time.Duration) time.Duration {
	if !GuardsApply(v) {
		return 0
	}
	for _, text := range []string{request, setting} {
		if d, err := time.ParseDuration(text); err == nil {
			return d
		}
	}
	return byDefault
}

// EnterBin puts a cluster into the recycle bin for the time that its deletion promised. One that is there already stays.
func (r *Record) EnterBin(now time.Time) {
	if r.Binned != nil {
		return
	}
	keep, _ := time.ParseDuration(r.Operation.Keep)
	r.Binned = &Binned{Since: stamp(now), Until: stamp(now.Add(keep))}
	r.Open = nil // no command runs on a machine that is off
}

// StayInBin begins the cluster's time in the recycle bin again, so that a recovery that fails late does not lose it.
func (r *Record) StayInBin(now time.Time) {
	if r.Binned == nil {
		return
	}
	since, err1 := time.Parse(time.RFC3339, r.Binned.Since)
	until, err2 := time.Parse(time.RFC3339, r.Binned.Until)
	if err1 != nil || err2 != nil {
		return
	}
	r.Binned = &Binned{Since: stamp(now), Until: stamp(now.Add(until.Sub(since)))}
}

// DueIn is how long a cluster has left in the recycle bin, 0 when its time is up; false for one that is not there, or that is
// protected. A release by CeaseCluster that did not end is due.
func (r *Record) DueIn(now time.Time) (time.Duration, bool) {
	switch {
	case r.Binned == nil || r.Protected && r.State == Deleted:
		return 0, false
	case r.State == Deleting:
		return 0, true
	case r.State != Deleted:
		return 0, false
	}
	until, err := time.Parse(time.RFC3339, r.Binned.Until)
	if err != nil {
		return 0, false // doctor reports it
	}
	return max(until.Sub(now), 0), true
}

// MayCease refuses the timer's release of a cluster whose time is not up: it was recovered and deleted again meanwhile.
func MayCease(r *Record, expired bool, now time.Time) *Refusal {
	if left, in := r.DueIn(now); expired && (!in || left > 0) {
		return &Refusal{Why: "its time in the recycle bin is not up", Hint: "release it all the same with: drover cease " + r.ClusterID}
	}
	return nil
}

// MayRecover refuses a recovery where data is lost: a volume would be made again, empty. has are the volumes that the provider has.
func MayRecover(r *Record, has []string) *Refusal {
	var lost []string
	for _, n := range r.Nodes {
		for _, id := range n.VolumeIDs {
			if !slices.Contains(has, id) {
				lost = append(lost, fmt.Sprintf("%s of %s", id, n.Label()))
			}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return &Refusal{
		Why:  fmt.Sprintf("%d volumes are missing at provider %s, and their data with them, the first: %s", len(lost), r.Provider, lost[0]),
		Hint: "restore a backup (drover backup list), and release what is left with: drover cease " + r.ClusterID,
	}
}

// Span words a duration: "2h", "1h30m".
func Span(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// overdue reports a cluster that the timer should have released.
func (d *diagnosis) overdue() {
	const patience = time.Hour
	left, in := d.Record.DueIn(d.Now)
	switch {
	case d.Now.IsZero() || d.Record.Protected:
	case !in:
		d.add(Finding{Where: "record", Repair: "drover cease " + d.ClusterID}, "the cluster is deleted, but until when it is kept is not known")
	case left == 0 && d.Record.dueFor(d.Now) > patience:
		d.add(Finding{Where: "record", Repair: "drover cease " + d.ClusterID, Advice: "or bring it back: drover recover " + d.ClusterID},
			"the cluster was to be kept until %s and is still in the recycle bin", d.Record.Binned.Until)
	}
}

// dueFor is since how long the time of a cluster in the recycle bin is up.
func (r *Record) dueFor(now time.Time) time.Duration {
	until, _ := time.Parse(time.RFC3339, r.Binned.Until)
	return now.Sub(until)
}
