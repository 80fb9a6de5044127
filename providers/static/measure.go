package static

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"drover/remote/target"
)

const (
	skewLimit = 30 * time.Second
	roomLimit = 1024 // MiB free where the agent keeps its journal, and where data goes
	// agentLimit is what the agent's program needs, twice: a new one lies beside the old one for a moment.
	agentLimit = 64
	// metadataPort is where a node's agent serves metadata to the package's scripts.
	metadataPort = 80
)

// room is how many MiB each folder should have free.
func room(folder string) int {
	if folder == "/opt" {
		return agentLimit
	}
	return roomLimit
}

// needsRoom are the folders that Drover or the application fill.
func needsRoom(h Host) []string { return append([]string{"/var/lib", "/opt"}, h.MountPoints...) }

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = quote(w)
	}
	return strings.Join(out, " ")
}

// clock compares the host's time with ours, which passed from began to ended while it was read.
func (r *report) clock(f facts, began, ended time.Time) {
	const hint = "let the host keep time by NTP, and the worker too"
	seconds, err := strconv.ParseInt(f.first("clock"), 10, 64)
	if err != nil {
		r.add("clock", false, fmt.Sprintf("date says %q", f.first("clock")), hint)
		return
	}
	theirs := time.Unix(seconds, 0)
	off := time.Duration(0)
	word := "ahead of the worker"
	switch {
	case theirs.After(ended):
		off = theirs.Sub(ended)
	case theirs.Before(began):
		off, word = began.Sub(theirs), "behind the worker"
	}
	r.add("clock", off <= skewLimit, fmt.Sprintf("%.0f s %s", off.Seconds(), word), hint)
}

// disk looks for room and for file systems that cannot be written.
func (r *report) disk(f facts) {
	var free, problems []string
	for _, line := range f["disk"] { // MIB ro|rw FOLDER
		words := strings.SplitN(line, " ", 3)
		if len(words) < 3 {
			continue
		}
		mib, err := strconv.Atoi(words[0])
		mode, folder := words[1], words[2]
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("df says nothing of %s", folder))
		case mode == "ro":
			problems = append(problems, fmt.Sprintf("%s is on a file system that is mounted read-only", folder))
		case mib < room(folder):
			problems = append(problems, fmt.Sprintf("%d MiB free in %s, which needs %d", mib, folder, room(folder)))
		}
		free = append(free, fmt.Sprintf("%d MiB free in %s", mib, folder))
	}
	if len(problems) > 0 {
		r.add("disk", false, strings.Join(problems, "; "), "make room there, or a larger file system that can be written")
		return
	}
	r.add("disk", len(free) > 0, strings.Join(free, ", "), "df -Pk must work on the host")
}

// ports looks whether a process listens where the agent or the application will.
func (r *report) ports(f facts, h Host, at target.Target) {
	host, _, _ := net.SplitHostPort(at.Addr)
	own, _ := netip.ParseAddr(cmp.Or(h.IP, host))
	wanted := append([]int{metadataPort}, h.Ports...)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	var free, taken []string
	hint := "ss -ltnp on the host shows who listens there: end it, or leave the host out"
	for _, port := range wanted {
		i := slices.IndexFunc(f["listens"], func(text string) bool {
			l, ok := listener(text)
			// Machines on one loopback have an address of their own there; elsewhere every listener is in the way.
			return ok && int(l.Port()) == port && (!own.IsLoopback() || l.Addr().IsUnspecified() || l.Addr() == own)
		})
		if i < 0 {
			free = append(free, strconv.Itoa(port))
			continue
		}
		l, _ := listener(f["listens"][i])
		taken = append(taken, fmt.Sprintf("%d (in use at %s)", port, l))
		if port == metadataPort {
			hint += fmt.Sprintf("; %d is for the metadata that the package's scripts read", port)
		}
	}
	if len(taken) > 0 {
		r.add("ports", false, "taken: "+strings.Join(taken, ", "), hint)
		return
	}
	r.add("ports", true, strings.Join(free, ", ")+" free", "")
}

// listener reads an address of /proc/net/tcp or tcp6: words of 32 bits in the machine's order, which is little endian
// wherever Drover's agent was tried, and the port.
func listener(text string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(address)
	const word = 4
	if err != nil || len(raw)%word != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += word {
		slices.Reverse(raw[i : i+word])
	}
	a, ok := netip.AddrFromSlice(raw)
	n, err := strconv.ParseUint(port, 16, 16)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), ok && err == nil
}
