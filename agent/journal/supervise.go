package journal

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"drover/agent/api"
)

// agentFD is the supervisor's end of the socket to its agent. A line with an id asks for a command; the answer is a line
// with the id, followed by a space and the reason if it could not be started.
const agentFD = 3

// searchPath is the command's PATH (S7).
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Supervise is the whole life of a supervisor: it runs commands of the journal in dir, each unless somebody else does or
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
		e := entry{id: in.Text(), dir: filepath.Join(dir, in.Text())}
		all.Go(func() { e.supervise(agent) })
	}
	all.Wait()
	return 0
}

// supervise is the life of one command.
func (e entry) supervise(agent *os.File) {
	s := &supervisor{entry: e, out: newOutput(e)}
	mine, err := s.begin()
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
func (s *supervisor) begin() (bool, error) {
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
	s.Started = &started{BootID: bootID(), StartedAt: stamp(time.Now())}
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
	if err := syncDir(e.dir); err != nil {
		return err
	}
	return syncDir(filepath.Dir(e.dir))
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
	g := group{Pgid: s.process.Pid}
	if st, err := readStat(g.Pgid); err == nil {
		g.StartTicks = st.startTicks
	}
	_ = s.add(s.file, record{Group: &g})
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
	grace := c.GraceSec
	if grace == 0 {
		grace = api.DefaultGrace
	}
	endGroup(s.process.Pid, time.Duration(grace)*time.Second)
	r.ExitCode = <-exit
	return r
}

// exitCode waits for the process: its code, or 128+n when signal n ended it.
func exitCode(p *os.Process) int {
	st, err := p.Wait()
	if err != nil {
		return 126
	}
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return st.ExitCode()
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
	for try := 0; s.addDurable(s.file, record{Result: &r}) != nil && try < 50; try++ {
		// Most likely the disk is full: give back what is ours and try again for a few seconds.
		s.out.drop()
		time.Sleep(100 * time.Millisecond)
	}
	s.letGo()
}

// letGo tells everybody that this command is over. Files that were not opened are nil, and closing those does nothing.
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
