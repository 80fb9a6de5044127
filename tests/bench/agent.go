package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	agentapi "drover/agent/api"
)

const (
	treeNodes      = 200 // of the cluster an agent knows while it is watched
	memoryTarget   = 15  // MiB resident
	launches       = 200 // commands per measurement of the launch rate
	settledAfter   = 3 * time.Second
	launchPatience = time.Minute
)

// agent measures one drover-agent: memory, idle CPU, and how fast it launches commands.
func (b *bench) agent(ctx context.Context) (err error) {
	fmt.Printf(`
AGENT     One drover-agent process in a cluster of %d nodes, one template. Memory is /proc/PID/status %s after it applied
          the revision, idle CPU the process's clock ticks (10 ms each) over %s. Commands are "true", each journalled,
          run under a supervisor and waited for, as over SSH.
`, treeNodes, settledAfter, b.idle)
	const id = "cl-agent000"
	tree, err := treeOf(id, treeNodes)
	if err != nil {
		return err
	}
	if err := b.publishFirst(ctx, id, tree); err != nil {
		return err
	}
	all, err := b.startDaemons(ctx, id, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.stop(), b.store.Forget(context.WithoutCancel(ctx), id, benchRun)) }()
	d := all[0]
	if err := sleep(ctx, settledAfter); err != nil {
		return err
	}
	before, err := cpuTicks(d.cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := sleep(ctx, b.idle); err != nil {
		return err
	}
	after, err := cpuTicks(d.cmd.Process.Pid)
	if err != nil {
		return err
	}
	resident, err := memoryKiB(d.cmd.Process.Pid, "VmRSS")
	if err != nil {
		return err
	}
	own, err := memoryKiB(d.cmd.Process.Pid, "RssAnon")
	if err != nil {
		return err
	}
	program, err := os.Stat(b.program("drover-agent"))
	if err != nil {
		return err
	}
	fmt.Printf("\nidle agent   %.1f MiB resident, of which %.1f MiB its own (the rest is the program file, shared by all agents of a machine); %d ticks in %s\n",
		float64(resident)/1024, float64(own)/1024, after-before, b.idle)
	fmt.Printf("program      %.1f MiB\n", float64(program.Size())/(1<<20))
	b.verdicts.add("agent resident, idle, 200 nodes", float64(resident)/1024, memoryTarget, "MiB")
	b.verdicts.add(fmt.Sprintf("agent CPU ticks, idle for %s", b.idle), float64(after-before), 0, "ticks")
	for _, abreast := range []int{1, 16} {
		rate, err := d.launchRate(ctx, abreast)
		if err != nil {
			return err
		}
		fmt.Printf("commands     %.0f a second, %d at a time (load %.2f)\n", rate, abreast, loadAverage())
	}
	return nil
}

// launchRate runs commands on one node, so many at a time, and gives commands per second.
func (d *daemon) launchRate(ctx context.Context, abreast int) (float64, error) {
	begun := time.Now()
	var next atomic.Int64
	err := atOnce(abreast, func(int) error {
		for {
			n := next.Add(1)
			if n > launches {
				return nil
			}
			st, err := d.client.Launch(ctx, fmt.Sprintf("bench.%d.%d", abreast, n), agentapi.Command{Cmd: "true", TimeoutSec: 60}, launchPatience)
			if err != nil {
				return err
			}
			if st.State != agentapi.StateExited || st.ExitCode != 0 {
				return fmt.Errorf("command %d: state %s, exit code %d: %s", n, st.State, st.ExitCode, st.Output)
			}
		}
	})
	return launches / time.Since(begun).Seconds(), err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// cpuTicks is user and system time of a process, in clock ticks.
func cpuTicks(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces; utime and stime are the 12th and 13th fields behind it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return user + system, err
}

// memoryKiB is a line of /proc/PID/status.
func memoryKiB(pid int, name string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			return strconv.Atoi(fields[1])
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no %s", pid, name)
}
