package screen

import (
	"fmt"
	"time"
)

// Elapsed words a duration for people: "0.4s", "42s", "3m 05s", "1h 02m".
func Elapsed(d time.Duration) string {
	switch {
	case d < 0:
		return "0.0s"
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh %02dm", int(d.Hours()), int(d.Minutes())%60)
}

// between is the time from start to end, or to now while there is no end; "" without a start.
func between(start, end, now time.Time) string {
	if start.IsZero() {
		return ""
	}
	if end.IsZero() {
		end = now
	}
	return Elapsed(end.Sub(start))
}

// Limit describes a deadline: a step can outlast its own while a node does not report the end.
func Limit(deadline, now time.Time) string {
	if d := now.Sub(deadline); d > 0 {
		return "time limit passed " + Elapsed(d) + " ago; the end is not reported yet"
	}
	return "times out in " + Elapsed(deadline.Sub(now))
}
