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
	"time"

	"golang.org/x/sys/unix"

	"drover/providers"
)

// maxPids keeps a fork bomb inside its node.
const maxPids = "16384"

// limiter makes a node's cpu and memory sizes real, where the machine lets it: a group per node below a group named by
// the state folder, for each hierarchy that can be used.
type limiter struct {
	groups []hierarchy
	why    []string // what is not enforced, and why, as sentences
}

// hierarchy is one cgroup tree: a v1 controller's, or v2's with several controllers.
type hierarchy struct {
	v2          bool
	controllers []string
	dir         string // the state folder's group, below which nodes get theirs
}

var wanted = []string{"cpu", "memory", "pids"}

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
	var last error = fmt.Errorf("%s has no group this process may write to", mount)
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

// enable makes the state folder's group and passes the controllers on to it and to what will be below it.
func (h hierarchy) enable() error {
	if err := os.Mkdir(h.dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if !h.v2 {
		return nil
	}
	for _, dir := range []string{filepath.Dir(h.dir), h.dir} {
		for _, c := range h.controllers {
			if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+c), 0); err != nil {
				os.Remove(h.dir)
				return err
			}
		}
	}
	return nil
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

func (l limiter) has(controller string) bool {
	return slices.ContainsFunc(l.groups, func(h hierarchy) bool { return slices.Contains(h.controllers, controller) })
}

func (l limiter) cpu() bool       { return l.has("cpu") }
func (l limiter) memory() bool    { return l.has("memory") }
func (l limiter) problem() string { return strings.Join(l.why, "; ") }

// join makes or updates the groups of a node and returns the files through which its first process enters them.
func (l limiter) join(id string, size providers.Size) ([]string, error) {
	var enter []string
	for _, h := range l.groups {
		dir := filepath.Join(h.dir, id)
		if err := h.makeGroup(dir); err != nil {
			return nil, ioFault(err, "make cgroup")
		}
		for file, value := range h.values(size) {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0); err != nil {
				return nil, ioFault(err, "limit node %s to %+v", id, size)
			}
		}
		enter = append(enter, filepath.Join(dir, "cgroup.procs"))
	}
	return enter, nil
}

// makeGroup tries again when the last node of the state folder left meanwhile and took the parent with it.
func (h hierarchy) makeGroup(dir string) error {
	for try := 0; ; try++ {
		err := h.enable()
		if err == nil {
			err = os.Mkdir(dir, 0o755)
		}
		if err == nil || errors.Is(err, fs.ErrExist) {
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) || try > 100 {
			return err
		}
	}
}

// values are the files of a node's group. A size of 0 means no limit.
func (h hierarchy) values(size providers.Size) map[string]string {
	const period = 100_000
	set := map[string]string{}
	for _, c := range h.controllers {
		switch {
		case c == "pids":
			set["pids.max"] = maxPids
		case c == "cpu" && h.v2:
			set["cpu.max"] = fmt.Sprintf("max %d", period)
			if size.CPU > 0 {
				set["cpu.max"] = fmt.Sprintf("%d %d", size.CPU*period, period)
			}
		case c == "cpu":
			set["cpu.cfs_quota_us"] = "-1"
			if size.CPU > 0 {
				set["cpu.cfs_quota_us"] = fmt.Sprint(size.CPU * period)
			}
		case c == "memory":
			file, none := "memory.limit_in_bytes", "-1"
			if h.v2 {
				file, none = "memory.max", "max"
			}
			set[file] = none
			if size.Memory > 0 {
				set[file] = fmt.Sprint(int64(size.Memory) << 20)
			}
		}
	}
	return set
}

// leave removes the groups of a node that has ended, and the state folder's when it was the last.
func (l limiter) leave(id string) error {
	for _, h := range l.groups {
		for _, dir := range []string{filepath.Join(h.dir, id), h.dir} {
			if err := removeGroup(dir); err != nil {
				return ioFault(err, "remove cgroup")
			}
		}
	}
	return nil
}

// removeGroup leaves groups with others below alone. The kernel may take a moment to let go of one whose processes or
// groups have just gone.
func removeGroup(dir string) error {
	for try := 0; ; try++ {
		err := os.Remove(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if below, listErr := groupsBelow(dir); listErr == nil && len(below) > 0 {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || try > 1000 {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func groupsBelow(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var below []string
	for _, e := range entries {
		if e.IsDir() {
			below = append(below, filepath.Join(dir, e.Name()))
		}
	}
	return below, err
}

// leftovers are the groups that exist.
func (l limiter) leftovers() ([]string, error) {
	var left []string
	for _, h := range l.groups {
		if _, err := os.Stat(h.dir); err != nil {
			continue
		}
		left = append(left, "cgroup "+h.dir)
		below, err := groupsBelow(h.dir)
		if err != nil {
			return nil, ioFault(err, "list cgroups")
		}
		for _, dir := range below {
			left = append(left, "cgroup "+dir)
		}
	}
	return left, nil
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
