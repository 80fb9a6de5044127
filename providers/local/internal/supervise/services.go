package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	backoffFirst = 100 * time.Millisecond
	backoffMost  = 10 * time.Second
	// settled: a service that ran so long starts from the first back-off again.
	settled = 10 * time.Second
	// grace is the time between TERM and KILL for a service whose file is gone.
	grace   = 10 * time.Second
	logMost = 10 << 20
)

// Services keeps every executable file of a folder running.
type Services struct {
	dir, logs string
	procs     *Processes
	env       []string

	mu      sync.Mutex
	running map[string]context.CancelFunc
}

// NewServices runs nothing yet: Scan does. Output goes to <logs>/<service>.log.
func NewServices(dir, logs string, procs *Processes, env []string) *Services {
	return &Services{dir: dir, logs: logs, procs: procs, env: env, running: map[string]context.CancelFunc{}}
}

// Scan starts what is new in the folder and stops what is gone from it.
func (s *Services) Scan() {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Printf("services: %v", err)
		return
	}
	want := map[string]bool{}
	for _, e := range entries {
		// Through links: a service may be a link to a program.
		info, err := os.Stat(filepath.Join(s.dir, e.Name()))
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && e.Name()[0] != '.' {
			want[e.Name()] = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, stop := range s.running {
		if !want[name] {
			stop()
			delete(s.running, name)
		}
	}
	for name := range want {
		if s.running[name] == nil {
			file := filepath.Join(s.dir, name)
			s.keep(name, file, []string{file})
		}
	}
}

// Keep runs a program that is not a file of the folder, for ever.
func (s *Services) Keep(name, file string, argv ...string) {
	ctx := context.Background()
	go s.run(ctx, name, file, argv)
}

func (s *Services) keep(name, file string, argv []string) {
	ctx, stop := context.WithCancel(context.Background())
	s.running[name] = stop
	go s.run(ctx, name, file, argv)
}

// run starts the program again and again until ctx ends.
func (s *Services) run(ctx context.Context, name, file string, argv []string) {
	wait := backoffFirst
	for ctx.Err() == nil {
		begun := time.Now()
		status, err := s.once(ctx, name, file, argv)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Printf("service %s: %v", name, err)
		default:
			log.Printf("service %s ended: %s", name, words(status))
		}
		if time.Since(begun) > settled {
			wait = backoffFirst
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, backoffMost)
	}
}

// once runs the program in its own session and waits for it. When ctx ends: TERM, grace, KILL to the whole group.
func (s *Services) once(ctx context.Context, name, file string, argv []string) (syscall.WaitStatus, error) {
	out, err := s.logFile(name)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	p, err := s.procs.Start(file, argv, &syscall.ProcAttr{
		Dir: "/", Env: s.env,
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", file, err)
	}
	select {
	case status := <-p.Done:
		return status, nil
	case <-ctx.Done():
	}
	_ = syscall.Kill(-p.Pid, syscall.SIGTERM)
	select {
	case status := <-p.Done:
		return status, nil
	case <-time.After(grace):
	}
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	return <-p.Done, nil
}

// logFile opens the service's log; a large one becomes <name>.log.1 first.
func (s *Services) logFile(name string) (*os.File, error) {
	if err := os.MkdirAll(s.logs, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(s.logs, name+".log")
	if info, err := os.Stat(file); err == nil && info.Size() > logMost {
		if err := os.Rename(file, file+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
}

func words(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}
