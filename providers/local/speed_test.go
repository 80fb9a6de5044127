package local

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/providers"
)

// TestManyNodes prints what nodes cost. DROVER_TEST_NODES sets how many; more than a few are for measuring.
func TestManyNodes(t *testing.T) {
	many := 20
	if text := os.Getenv("DROVER_TEST_NODES"); text != "" {
		var err error
		many, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	t.Run("built-in server", func(t *testing.T) { manyNodes(t, many, options(t, "127.78.24.0/22")) })
	t.Run("OpenSSH", func(t *testing.T) {
		o := options(t, "127.78.28.0/22")
		o.SSHServer = openSSH(t)
		manyNodes(t, many, o)
	})
}

func manyNodes(t *testing.T, many int, opts Options) {
	p := open(t, opts)
	o := newOwner(t, p)
	var serial []time.Duration
	for range 10 {
		begun := time.Now()
		o.create()
		serial = append(serial, time.Since(begun))
	}
	slices.Sort(serial)
	begun := time.Now()
	made := make([]providers.Instance, many)
	errs := make([]error, many)
	gate := make(chan struct{}, 8)
	var all sync.WaitGroup
	for n := range many {
		s := o.spec()
		all.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			made[n], errs[n] = p.CreateInstance(t.Context(), s)
		})
	}
	all.Wait()
	took := time.Since(begun)
	var rss, own int
	for n := range made {
		require.NoError(t, errs[n])
		process, err := p.alive(made[n].ID)
		require.NoError(t, err)
		require.NotNil(t, process)
		r, a := memory(t, process.Pid)
		rss, own = max(rss, r), max(own, a)
	}
	begun = time.Now()
	for n := range made {
		all.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			errs[n] = p.DeleteInstance(t.Context(), made[n].ID)
		})
	}
	all.Wait()
	for n := range made {
		require.NoError(t, errs[n])
	}
	t.Logf("one after the other: median %v, slowest %v; %d at once: %v; deleted in %v; init: at most %d KiB resident, of which %d KiB its own",
		serial[len(serial)/2], serial[len(serial)-1], many, took, time.Since(begun), rss, own)
	require.LessOrEqual(t, rss, 10<<10, "process 1 of a node takes more than 10 MiB")
}

// memory of a process in KiB: resident, and the part it does not share.
func memory(t *testing.T, pid int) (rss, anonymous int) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "VmRSS:":
			rss, err = strconv.Atoi(fields[1])
		case "RssAnon:":
			anonymous, err = strconv.Atoi(fields[1])
		}
		require.NoError(t, err)
	}
	return rss, anonymous
}
