package supervise

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Processes starts processes and reaps. One collector for all of them: a wait for any child, as orphans need it, would
// steal the results of children that another process waits for.
type Processes struct {
	mu      sync.Mutex
	waiting map[int]chan syscall.WaitStatus
}

// NewProcesses starts the collector. Use one per process, and os/exec beside it never.
func NewProcesses() *Processes {
	p := &Processes{waiting: map[int]chan syscall.WaitStatus{}}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			p.collect()
		}
	}()
	return p
}

// Process is a running child.
type Process struct {
	Pid int
	// Done gets the status once.
	Done <-chan syscall.WaitStatus
}

// Start runs a program.
func (p *Processes) Start(file string, argv []string, attr *syscall.ProcAttr) (Process, error) {
	done := make(chan syscall.WaitStatus, 1)
	// Held over the fork: the collector must not meet a child it does not know yet.
	p.mu.Lock()
	defer p.mu.Unlock()
	pid, err := syscall.ForkExec(file, argv, attr)
	if err != nil {
		return Process{}, err
	}
	p.waiting[pid] = done
	return Process{Pid: pid, Done: done}, nil
}

func (p *Processes) collect() {
	for {
		p.mu.Lock()
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			p.mu.Unlock()
			continue
		}
		if err != nil || pid <= 0 {
			p.mu.Unlock()
			return
		}
		done := p.waiting[pid]
		delete(p.waiting, pid)
		p.mu.Unlock()
		if done != nil {
			done <- status
		}
	}
}
