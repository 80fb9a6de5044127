package journal

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// groupPoll is how often a group that is being ended is looked at; nothing polls at any other time.
const groupPoll = 20 * time.Millisecond

// afterKill is how long KILL may take to be seen; longer only for processes stuck in the kernel.
const afterKill = 3 * time.Second

// endGroup sends TERM to the process group, waits up to grace for all of it to be gone, then sends KILL.
func endGroup(pgid int, grace time.Duration) {
	unix.Kill(-pgid, unix.SIGTERM)
	unix.Kill(-pgid, unix.SIGCONT) // stopped processes cannot die of TERM
	if groupGone(pgid, grace) {
		return
	}
	unix.Kill(-pgid, unix.SIGKILL)
	groupGone(pgid, afterKill)
}

// groupGone waits until no living process is in the group.
func groupGone(pgid int, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for groupAlive(pgid) {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(groupPoll)
	}
	return true
}

// groupAlive looks for a process of the group that is not a zombie: where process 1 does not reap, zombies stay.
func groupAlive(pgid int) bool {
	if unix.Kill(-pgid, 0) == unix.ESRCH {
		return false
	}
	proc, err := os.Open("/proc")
	if err != nil {
		return true
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return true
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil && s.pgrp == pgid && s.state != 'Z' && s.state != 'X' {
			return true
		}
	}
	return false
}

type stat struct {
	state      byte
	pgrp       int
	startTicks uint64
}

// readStat reads what is needed of /proc/PID/stat. The second field is a name in parentheses that may hold anything.
func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	rest := b[bytes.LastIndexByte(b, ')')+1:]
	f := bytes.Fields(rest)
	if len(f) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f))
	}
	pgrp, _ := strconv.Atoi(string(f[2]))
	ticks, _ := strconv.ParseUint(string(f[19]), 10, 64)
	return stat{state: f[0][0], pgrp: pgrp, startTicks: ticks}, nil
}
