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

// The clock that tells how old a decision is counts from the boot, sleep included, and nobody sets it.

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

func sinceBoot() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0 // no Linux is without it
	}
	return time.Duration(t.Nano())
}
