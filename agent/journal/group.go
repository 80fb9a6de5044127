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
		if s, err := readStat(pid); err == nil && s.pgrp == pgid && !s.ended() {
			return true
		}
	}
	return false
}

// alive says whether the process runs, or could: a zombie does not.
func alive(pid int) bool {
	st, err := readStat(pid)
	return err == nil && !st.ended()
}

// thisProcess identifies the process that has the pid now.
func thisProcess(pid int) process {
	st, _ := readStat(pid)
	return process{pid, st.startTicks}
}

// stat reads the process's state; false when it is gone.
func (p process) stat() (stat, bool) {
	if p.PID <= 1 {
		return stat{}, false
	}
	st, err := readStat(p.PID)
	return st, err == nil && st.startTicks == p.StartTicks
}

// wake continues a process that was stopped, and says whether it was.
func (p process) wake() bool {
	st, ok := p.stat()
	return ok && st.stopped() && unix.Kill(p.PID, unix.SIGCONT) == nil
}

type stat struct {
	state      byte
	pgrp       int
	startTicks uint64
	threads    int
	status     int // as wait gives it; of a process that has ended
}

// ended: a process whose first thread alone has ended looks like a zombie, too.
func (s stat) ended() bool   { return (s.state == 'Z' || s.state == 'X') && s.threads <= 1 }
func (s stat) stopped() bool { return s.state == 'T' }

// readStat reads what is needed of /proc/PID/stat. The second field is a name in parentheses that may hold anything.
func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	rest := b[bytes.LastIndexByte(b, ')')+1:]
	f := bytes.Fields(rest)
	if len(f) < 50 {
		return stat{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f))
	}
	pgrp, _ := strconv.Atoi(string(f[2]))
	threads, _ := strconv.Atoi(string(f[17]))
	ticks, _ := strconv.ParseUint(string(f[19]), 10, 64)
	status, _ := strconv.Atoi(string(f[49]))
	return stat{state: f[0][0], pgrp: pgrp, startTicks: ticks, threads: threads, status: status}, nil
}
