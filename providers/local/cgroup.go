package local

import (
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

// makeGroup retries when the last node of the state folder left meanwhile and took the parent with it.
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
