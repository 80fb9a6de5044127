package journal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"drover/agent/api"
	"drover/durable"
)

// agentFD is the supervisor's end of the socket to its agent. A line with an id and the latest moment to begin (see
// sinceBoot) asks for a command; the answer is a line with the id, followed by a space and the reason if it could not be
// started.
const agentFD = 3

// searchPath is the command's PATH (S7).
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Supervise is the whole life of a supervisor: it runs commands of the journal in dir, each unless another process does or
// did, and returns the process's exit code once its agent has hung up and the last command has ended. Its process must
// be its own (drover-agent supervise DIR): it changes signal handling and the umask.
func Supervise(dir string) int {
	syscall.CloseOnExec(agentFD)
	if err := syscall.SetNonblock(agentFD, true); err != nil {
		fmt.Fprintln(os.Stderr, "drover-agent supervise: no agent:", err)
		return 1
	}
	agent := os.NewFile(agentFD, "agent")
	// Only KILL ends a supervisor. Caught, not ignored: ignored signals would be inherited by the command.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	syscall.Umask(0o022)
	var all sync.WaitGroup
	for in := bufio.NewScanner(agent); in.Scan(); {
		id, by, _ := strings.Cut(in.Text(), " ")
		e := entry{id: id, dir: filepath.Join(dir, id)}
		all.Go(func() { e.supervise(agent, by) })
	}
	all.Wait()
	return 0
}

// supervise is the life of one command.
func (e entry) supervise(agent *os.File, by string) {
	s := &supervisor{entry: e, out: newOutput(e)}
	mine, err := s.begin(by)
	if !mine {
		s.letGo()
	}
	answer := e.id
	if err != nil {
		answer += " " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	_, _ = agent.WriteString(answer + "\n") // an agent that is gone needs none
	if mine {
		s.finish(s.await())
		s.linger()
	}
}

// supervisor is one command being run.
type supervisor struct {
	entry
	record
	out     *output
	file    *os.File // of the record, locked
	alive   *os.File
	ctl     *os.File
	pipes   []*pipe
	process *os.Process
}

// begin takes the lock and starts the command; false when there is nothing (left) to do.
func (s *supervisor) begin(by string) (bool, error) {
	// A supervisor that was stopped reads what was given up meanwhile.
	if limit, err := strconv.ParseInt(by, 10, 64); err == nil && int64(sinceBoot()) > limit {
		return false, errors.New("the request came too late")
	}
	var err error
	// alive before lock: who sees the lock held may count on a writer being there.
	if s.alive, err = openFIFO(s.path(aliveName), os.O_RDWR); err != nil {
		return false, err
	}
	if s.file, err = takeLock(s.path(recordName)); err != nil || s.file == nil {
		return false, err
	}
	if s.record, err = readRecord(s.file); err != nil || s.Intent == nil {
		return false, fmt.Errorf("no readable intent in %s: %v", s.dir, err)
	}
	if s.Result != nil || s.Started != nil {
		return false, nil
	}
	// ctl before the mark: a cancel that comes after this look finds a reader to wake.
	if s.ctl, err = openFIFO(s.path(ctlName), os.O_RDWR); err != nil {
		return false, err
	}
	if s.has(cancelName) {
		return false, s.endUnbegun(s.file, &s.record)
	}
	if err := s.reserve(s.file); err != nil {
		return false, err
	}
	s.Started = &started{BootID: bootID(), StartedAt: stamp(time.Now()), Uptime: uptime(), Supervisor: thisProcess(os.Getpid())}
	// This covers the intent too, which stands before it.
	if err := s.addDurable(s.file, record{Started: s.Started}); err != nil {
		return false, err
	}
	if err := s.syncNames(); err != nil {
		return false, err
	}
	s.exec()
	return true, nil
}

// syncNames makes the names of the record and of its folder durable.
func (e entry) syncNames() error {
	if err := durable.Dir(e.dir); err != nil {
		return err
	}
	return durable.Dir(filepath.Dir(e.dir))
}

// exec starts the shell. From here on every failure is a result, since the started mark forbids a second try.
func (s *supervisor) exec() {
	err := s.startShell()
	if err != nil {
		fmt.Fprintf(s.out, "drover-agent: cannot start /bin/sh: %v\n", err)
		return
	}
	for _, p := range s.pipes {
		p.begin()
	}
	leader := thisProcess(s.process.Pid)
	_ = s.add(s.file, record{Group: &group{Pgid: leader.PID, StartTicks: leader.StartTicks}})
}

func (s *supervisor) startShell() error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	both, err := newPipe(s.out)
	if err != nil {
		return err
	}
	stdout, stderr := both.w, both.w
	pipes := []*pipe{both}
	if s.Intent.Command.Stdout {
		alone, err := newPipe(stdoutOnly{s.out})
		if err != nil {
			return err
		}
		stdout, pipes = alone.w, append(pipes, alone)
	}
	p, err := os.StartProcess("/bin/sh", []string{"/bin/sh", "-c", s.Intent.Command.Cmd}, &os.ProcAttr{
		Dir:   "/",
		Env:   append([]string{searchPath, "HOME=/root", "USER=root", "LOGNAME=root"}, s.Intent.Command.Env...),
		Files: []*os.File{null, stdout, stderr},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return err
	}
	s.process, s.pipes = p, pipes
	return nil
}

// await waits for the shell's exit, its time limit or a cancel, and says how it ended.
func (s *supervisor) await() result {
	r := result{ExitCode: 126, StartedAt: s.Started.StartedAt}
	if s.process == nil {
		return r
	}
	exit := make(chan int, 1)
	go func() { exit <- exitCode(s.process) }()
	cancel := make(chan struct{})
	go func() {
		_, _ = s.ctl.Read(make([]byte, 1))
		close(cancel)
	}()
	c := s.Intent.Command
	limit := time.NewTimer(time.Duration(c.TimeoutSec) * time.Second)
	defer limit.Stop()
	select {
	case r.ExitCode = <-exit:
		return r
	case <-limit.C:
		r.TimedOut = true
	case <-cancel:
		r.Canceled = true
	}
	// It may have ended by itself while this process was stopped.
	if !alive(s.process.Pid) {
		r.TimedOut, r.Canceled, r.ExitCode = false, false, <-exit
		return r
	}
	endGroup(s.process.Pid, grace(c))
	r.ExitCode = <-exit
	return r
}

// grace is the time between TERM and KILL.
func grace(c api.Command) time.Duration {
	if c.GraceSec == 0 {
		return api.DefaultGrace * time.Second
	}
	return time.Duration(c.GraceSec) * time.Second
}

// exitCode waits for the process: its code, or 128+n when signal n ended it.
func exitCode(p *os.Process) int {
	st, err := p.Wait()
	if err != nil {
		return 126
	}
	ws, ok := st.Sys().(syscall.WaitStatus)
	if !ok {
		return st.ExitCode()
	}
	return codeOf(ws)
}

func codeOf(ws syscall.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// finish makes the result durable and lets go of the lock, in this order.
func (s *supervisor) finish(r result) {
	var open []*pipe
	for _, p := range s.pipes {
		if p.settle() {
			open = append(open, p)
		}
	}
	s.pipes = open
	s.out.describe(&r)
	r.EndedAt = stamp(time.Now())
	// Room for it is reserved, so what fails here is the disk: read-only, broken, or one that keeps no promise when it is
	// full. Only this process knows the result, so it tries for as long as it lives; until then the command counts as running.
	for pause := firstPause; s.addDurable(s.file, record{Result: &r}) != nil; pause = min(2*pause, longPause) {
		s.out.drop()
		time.Sleep(pause)
	}
	s.release(s.file)
	s.letGo()
}

// firstPause and longPause bound the time between two tries to write a result.
const (
	firstPause = 100 * time.Millisecond
	longPause  = 5 * time.Second
)

// letGo shows that this command is over. Files that were not opened are nil, and closing those does nothing.
func (s *supervisor) letGo() {
	s.ctl.Close()
	dropLock(s.file)
	s.alive.Close()
}

// linger keeps reading for daemons left behind that still hold the output; without any it returns at once.
func (s *supervisor) linger() {
	if len(s.pipes) == 0 {
		return
	}
	s.out.limit(afterwards)
	debug.FreeOSMemory()
	var wg sync.WaitGroup
	for _, p := range s.pipes {
		wg.Go(p.drain)
	}
	wg.Wait()
}

// openFIFO opens without waiting for the other side.
func openFIFO(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
}
