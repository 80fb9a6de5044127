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
	"time"

	"golang.org/x/sys/unix"

	"drover/fault"
	"drover/providers"
)

// kill is one way to die. It returns what brings the dead back, as a supervisor or a machine would.
type kill struct {
	name string
	// now kills, and says how to bring back.
	now func(ctx context.Context, w *World, c *cluster) (back func(context.Context) error, err error)
	// first: the dead is back before what was held goes on. Otherwise the operation meets the dead.
	first bool
	// moments at which it makes sense.
	at []Phase
	// unknown: a command that ran ends in nobody knows what.
	unknown bool
}

var kills = []kill{
	{name: "worker", at: []Phase{Before, Command, After}, first: true, now: func(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
		return w.stack.StartWorker, w.stack.KillWorker()
	}},
	{name: "paused-worker", at: []Phase{Before, Command, After}, first: true, now: func(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
		if err := w.stack.PauseWorker(); err != nil {
			return nil, err
		}
		return func(ctx context.Context) error {
			return errors.Join(w.stack.KillWorker(), w.stack.StartWorker(ctx))
		}, nil
	}},
	{name: "temporal", at: []Phase{Before, Command, After}, now: server("temporal")},
	{name: "consul", at: []Phase{Before, Command, After}, now: server("consul")},
	{name: "agent", at: []Phase{Before, Command}, now: func(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
		return nothing, w.killAgent(ctx, c)
	}},
	{name: "node", at: []Phase{Before, Command}, first: true, unknown: true, now: func(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
		id, err := w.victim(ctx, c)
		if err != nil || id == "" {
			return nothing, err
		}
		return func(ctx context.Context) error {
			_, err := w.machines.StartInstance(ctx, id)
			if fault.Is(err, fault.NotFound) {
				return nil // it was released meanwhile
			}
			return err
		}, w.powerLoss(id)
	}},
}

// Kills are the names of all ways to die.
func Kills() []string {
	var names []string
	for _, k := range kills {
		names = append(names, k.name)
	}
	return names
}

func nothing(context.Context) error { return nil }

// moment is how long a supervisor takes to start a server again.
const moment = time.Second

func server(name string) func(context.Context, *World, *cluster) (func(context.Context) error, error) {
	return func(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(moment):
			}
			return w.stack.StartServer(ctx, name)
		}, w.stack.KillServer(name)
	}
}

// victim is a node of the cluster that runs, the one of the cluster's first volume; "" when none does.
func (w *World) victim(ctx context.Context, c *cluster) (string, error) {
	all, err := w.machines.List(ctx, c.id)
	if err != nil {
		return "", err
	}
	for _, i := range all.Instances {
		if i.State == providers.Running {
			return i.ID, nil
		}
	}
	return "", nil
}

// victimNode is the node id of the victim.
func (w *World) victimNode(ctx context.Context, c *cluster) (string, error) {
	id, err := w.victim(ctx, c)
	if err != nil {
		return "", err
	}
	all, err := w.machines.List(ctx, c.id)
	for _, i := range all.Instances {
		if i.ID == id {
			return i.Tags.NodeID, err
		}
	}
	return "", err
}

// powerLoss kills process 1 of a node, whereupon the kernel ends everything in it.
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
		return 0, fmt.Errorf("pid.json of node %s says %s (%v)", id, text, err)
	}
	return recorded.Pid, nil
}

func (w *World) killAgent(ctx context.Context, c *cluster) error {
	id, err := w.victim(ctx, c)
	if err != nil || id == "" {
		return err
	}
	agents, err := w.processes(id, "drover-agent", "run")
	for _, pid := range agents {
		err = errors.Join(err, unix.Kill(pid, unix.SIGKILL))
	}
	return err
}

// processes are those of a node whose command line is a program and a word.
func (w *World) processes(id, program, word string) ([]int, error) {
	procs, err := filepath.Glob("/proc/[0-9]*")
	var found []int
	for _, proc := range procs {
		line, _ := os.ReadFile(proc + "/cmdline")
		words := strings.Split(string(line), "\x00")
		if len(words) < 2 || !strings.HasSuffix(words[0], program) || words[1] != word {
			continue
		}
		if name, err := os.ReadFile(proc + "/root/etc/hostname"); err != nil || strings.TrimSpace(string(name)) != id {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil {
			found = append(found, pid)
		}
	}
	return found, err
}
