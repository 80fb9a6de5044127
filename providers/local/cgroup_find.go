package local

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// findLimiter looks where this process may make groups. It leaves no group behind.
func findLimiter(mark string) limiter {
	var l limiter
	mounts, own, err := cgroupMounts()
	if err != nil {
		l.why = append(l.why, fmt.Sprintf("cpu and memory limits are recorded, not enforced: %v", err))
		return l
	}
	problems := map[string]string{}
	for _, m := range mounts {
		if m.v2 {
			h, err := usableV2(m.at, own[""], mark)
			if err != nil {
				for _, c := range wanted {
					problems[c] = err.Error()
				}
				continue
			}
			l.groups = append(l.groups, h)
			continue
		}
		for _, c := range wanted {
			if !slices.Contains(m.options, c) {
				continue
			}
			dir := filepath.Join(m.at, own[c], mark)
			if err := tryGroup(dir); err != nil {
				problems[c] = err.Error()
				continue
			}
			l.groups = append(l.groups, hierarchy{controllers: []string{c}, dir: dir})
		}
	}
	for _, c := range []string{"cpu", "memory"} {
		if l.has(c) {
			continue
		}
		why := problems[c]
		if why == "" {
			why = "no cgroup hierarchy with this controller is mounted"
		}
		l.why = append(l.why, fmt.Sprintf("%s limits are recorded, not enforced: %s", c, why))
	}
	return l
}

// usableV2 finds the highest group in which this process may make others with the controllers wanted. Highest, because
// nodes outlive the worker, whose own group its service manager may sweep.
func usableV2(mount, own, mark string) (hierarchy, error) {
	last := fmt.Errorf("%s has no group this process may write to", mount)
	dir := mount
	for _, part := range append([]string{"."}, strings.Split(strings.Trim(own, "/"), "/")...) {
		dir = filepath.Join(dir, part)
		raw, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
		if err != nil {
			last = err
			continue
		}
		have := strings.Fields(string(raw))
		if !slices.Contains(have, "cpu") && !slices.Contains(have, "memory") {
			last = fmt.Errorf("%s offers no cpu or memory controller", dir)
			continue
		}
		var use []string
		for _, c := range wanted {
			if slices.Contains(have, c) {
				use = append(use, c)
			}
		}
		h := hierarchy{v2: true, controllers: use, dir: filepath.Join(dir, mark)}
		if err := h.enable(); err != nil {
			last = fmt.Errorf("%w (a user needs a delegated group: systemd-run --user -p Delegate=yes, or run the worker as root)", err)
			continue
		}
		_ = os.Remove(h.dir) // refused while nodes are in it
		return h, nil
	}
	return hierarchy{}, last
}

// tryGroup finds out by doing. Nodes that run already may be in the group, or come while we look.
func tryGroup(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return unix.Access(dir, unix.W_OK)
	}
	if err == nil {
		_ = os.Remove(dir)
	}
	return err
}

// cgroupMount is one mounted hierarchy.
type cgroupMount struct {
	at      string
	v2      bool
	options []string // of v1: its controllers are among them
}

// cgroupMounts reads what is mounted, and this process' own group per v1 controller ("" for v2).
func cgroupMounts() ([]cgroupMount, map[string]string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	var mounts []cgroupMount
	for lines := bufio.NewScanner(f); lines.Scan(); {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		a, b := strings.Fields(left), strings.Fields(right)
		if !ok || len(a) < 6 || len(b) < 3 {
			continue
		}
		switch b[0] {
		case "cgroup2":
			mounts = append(mounts, cgroupMount{at: a[4], v2: true})
		case "cgroup":
			mounts = append(mounts, cgroupMount{at: a[4], options: strings.Split(b[2], ",")})
		}
	}
	raw, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, nil, err
	}
	own := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for c := range strings.SplitSeq(parts[1], ",") {
			own[c] = parts[2]
		}
	}
	return mounts, own, nil
}
