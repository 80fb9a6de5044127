package journal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"drover/agent/api"
	"drover/fault"
)

// The clock for the age of a decision counts from the boot, sleep included, and cannot be set.

// Now is the time, for Command.AsOf.
func (j *Journal) Now() string {
	return bootID() + "/" + strconv.FormatInt(int64(sinceBoot()), 10)
}

// fresh refuses to begin a command that was decided on too long ago, or before the node last booted: who decided may
// have been replaced since. Asking again is what helps.
func fresh(id, asOf string) error {
	if asOf == "" {
		return nil
	}
	boot, text, _ := strings.Cut(asOf, "/")
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "as_of %.60q of command %s is not what /v1/now says", asOf, id)
	}
	if boot != bootID() {
		return stale(id, "before the node booted")
	}
	if age := sinceBoot() - time.Duration(at); age > api.StaleAfter {
		return stale(id, fmt.Sprintf("%s ago", age.Round(time.Millisecond)))
	}
	return nil
}

func stale(id, when string) error {
	return fault.New(fault.Unreachable, "command %s was decided on %s and is not begun", id, when).
		WithHint("make sure that it is still wanted, and launch it again")
}

func sinceBoot() time.Duration { return clock(unix.CLOCK_BOOTTIME) }

// uptime is the clock that timers run on: it counts from the boot without sleep, and cannot be set.
func uptime() time.Duration { return clock(unix.CLOCK_MONOTONIC) }

func clock(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0 // no Linux is without it
	}
	return time.Duration(t.Nano())
}

// beginBy is the moment after which a supervisor must not begin a command that was decided on at asOf.
func beginBy(asOf string) time.Duration {
	if _, text, ok := strings.Cut(asOf, "/"); ok {
		if at, err := strconv.ParseInt(text, 10, 64); err == nil {
			return time.Duration(at) + api.StaleAfter
		}
	}
	return sinceBoot() + spawnLimit
}
