package journal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// spawnLimit is how long a supervisor may take until a command runs: it does three syncs before that.
	spawnLimit = time.Minute
	// idleLimit is how long a supervisor without commands is kept: starting a process per command is most of what a
	// short command costs, and commands come in rounds.
	idleLimit = 20 * time.Second
)

// errGone: the supervisor died, or was let go, before it answered.
var errGone = errors.New("the supervisor went away")

// spawn has a supervisor run the entry, and returns when its command runs or another process's does.
func (j *Journal) spawn(e entry, by time.Duration) error {
	err := errGone
	// A supervisor that died unnoticed is replaced. Whether it began the command is in the record.
	for try := 0; try < 2 && errors.Is(err, errGone); try++ {
		var l *link
		if l, err = j.link(); err == nil {
			err = l.begin(e.id, by)
		}
	}
	return err
}

// link is the agent's end of the socket to a supervisor process. The supervisor serves until the agent hangs up, by
// intent or by dying, and ends when its last command has ended. The next agent starts its own.
type link struct {
	sock    *os.File
	idle    *time.Timer
	process process

	mu      sync.Mutex
	waiting map[string]chan string // by id; the gate lets one begin of an id through at a time
	gone    bool
}

// link gives the link to a living supervisor.
func (j *Journal) link() (*link, error) {
	j.linking.Lock()
	defer j.linking.Unlock()
	if l := j.linked; l != nil && l.use() {
		return l, nil
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("start supervisor: %w", os.NewSyscallError("socketpair", err))
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "supervisor"), os.NewFile(uintptr(pair[1]), "agent")
	defer theirs.Close()
	argv := append(append([]string{}, j.supervisor...), j.dir)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	cmd.ExtraFiles = []*os.File{theirs} // agentFD
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	l := &link{sock: ours, process: thisProcess(cmd.Process.Pid), waiting: map[string]chan string{}}
	go cmd.Wait() // reaps it, whenever that is
	l.idle = time.AfterFunc(j.idle, l.hangUpIfIdle)
	l.idle.Stop()
	go l.listen(j.idle)
	j.linked = l
	l.use()
	return l, nil
}

// use keeps the link from being let go until begin has been called; false when it is gone.
func (l *link) use() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle.Stop()
	return !l.gone
}

// begin asks for a command and waits for the answer.
func (l *link) begin(id string, by time.Duration) error {
	answer := make(chan string, 1)
	l.mu.Lock()
	if l.gone {
		l.mu.Unlock()
		return errGone
	}
	l.waiting[id] = answer
	_, err := fmt.Fprintf(l.sock, "%s %d\n", id, by)
	l.mu.Unlock()
	if err != nil {
		l.hangUp()
	}
	late, watch := time.NewTimer(spawnLimit), time.NewTicker(guardEvery)
	defer late.Stop()
	defer watch.Stop()
	for {
		select {
		case text, ok := <-answer:
			switch {
			case !ok:
				return errGone
			case text != "":
				return fmt.Errorf("supervisor: %s", text)
			}
			return nil
		case <-watch.C:
			l.process.wake()
		case <-late.C:
			l.hangUp() // others get another one
			return fmt.Errorf("the supervisor did not answer for %s", spawnLimit)
		}
	}
}

// listen hands answers on, until there are no more.
func (l *link) listen(idle time.Duration) {
	defer l.hangUp()
	for in := bufio.NewScanner(l.sock); in.Scan(); {
		id, text, _ := strings.Cut(in.Text(), " ")
		l.mu.Lock()
		if c := l.waiting[id]; c != nil {
			c <- text
			delete(l.waiting, id)
		}
		if len(l.waiting) == 0 && !l.gone {
			l.idle.Reset(idle)
		}
		l.mu.Unlock()
	}
}

func (l *link) hangUpIfIdle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.close()
	}
}

func (l *link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close()
}

// close ends the link; l.mu is held.
func (l *link) close() {
	if l.gone {
		return
	}
	l.gone = true
	l.sock.Close()
	for id, c := range l.waiting {
		close(c)
		delete(l.waiting, id)
	}
}
