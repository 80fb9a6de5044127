package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"drover/providers"
)

// victim is the node that dies: the first running one of the cluster. Its ids are "" when none runs.
func (w *World) victim(ctx context.Context, c *cluster) (providers.Instance, error) {
	all, err := w.machines.List(ctx, c.id)
	if err != nil {
		return providers.Instance{}, err
	}
	for _, i := range all.Instances {
		if i.State == providers.Running {
			return i, nil
		}
	}
	return providers.Instance{}, nil
}

// powerLoss kills process 1 of a node; the kernel then ends all its processes.
func (w *World) powerLoss(id string) error {
	pid, err := w.processOne(id)
	if err != nil {
		return err
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil {
		return err
	}
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// processOne is the process id of a node's first process.
func (w *World) processOne(id string) (int, error) {
	text, err := os.ReadFile(filepath.Join(w.stack.StateDir, "nodes", id, "pid.json"))
	if err != nil {
		return 0, err
	}
	var recorded struct{ Pid int }
	if err := json.Unmarshal(text, &recorded); err != nil || recorded.Pid <= 1 {
		return 0, fmt.Errorf("pid.json of node %s contains %s (%v)", id, text, err)
	}
	return recorded.Pid, nil
}

// process is a process in a node.
type process struct {
	pid  int
	name string   // of the kernel, at most 15 characters
	line []string // the command line
}

func (p process) String() string {
	return fmt.Sprintf("process %d: %s", p.pid, strings.Join(p.line, " "))
}

// runs reports whether the process is a program with the word as its first argument.
func (p process) runs(program, word string) bool {
	return len(p.line) > 1 && strings.HasSuffix(p.line[0], program) && p.line[1] == word
}

// processes returns all processes of a node: those in the mount namespace of its first process.
func (w *World) processes(id string) (found []process, err error) {
	one, err := w.processOne(id)
	if err != nil {
		return nil, err
	}
	namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", one))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it is off
	}
	procs, globErr := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		if at, err := os.Readlink(proc + "/ns/mnt"); err != nil || at != namespace {
			continue // it is of another node, or has ended
		}
		name, nameErr := os.ReadFile(proc + "/comm")
		line, lineErr := os.ReadFile(proc + "/cmdline")
		pid, err := strconv.Atoi(filepath.Base(proc))
		if err != nil || nameErr != nil || lineErr != nil {
			continue
		}
		found = append(found, process{pid, strings.TrimSpace(string(name)), strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")})
	}
	return found, errors.Join(err, globErr)
}

// killIn kills the selected processes of the victim.
func (w *World) killIn(ctx context.Context, c *cluster, meant func(process) bool) error {
	victim, err := w.victim(ctx, c)
	if err != nil || victim.ID == "" {
		return err
	}
	all, err := w.processes(victim.ID)
	for _, p := range all {
		if !meant(p) {
			continue
		}
		if kill := unix.Kill(p.pid, unix.SIGKILL); !errors.Is(kill, unix.ESRCH) {
			err = errors.Join(err, kill)
		}
	}
	return err
}

func isAgent(p process) bool { return p.runs("drover-agent", "run") }

// isSSH reports OpenSSH's server and its one or two processes per connection.
func isSSH(p process) bool { return strings.HasPrefix(p.name, "sshd") }

func isSSHConnection(p process) bool {
	return isSSH(p) && strings.HasPrefix(p.line[0], "sshd") && !strings.Contains(p.line[0], "[listener]")
}
