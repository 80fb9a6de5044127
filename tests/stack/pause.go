package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// PauseWorker stops the worker in the middle of whatever it does.
func (s *Stack) PauseWorker() error { return s.worker.Signal(syscall.SIGSTOP) }

// DumpWorker ends the worker and has it write what each of its goroutines was doing to its log.
func (s *Stack) DumpWorker() error {
	if s.worker == nil {
		return nil
	}
	return s.worker.Signal(syscall.SIGQUIT)
}

// ResumeWorker lets a paused worker continue where it was.
func (s *Stack) ResumeWorker() error { return s.worker.Signal(syscall.SIGCONT) }

// ReplaceWorker starts another worker beside the paused one, which it takes for dead.
func (s *Stack) ReplaceWorker(ctx context.Context) error {
	p := s.worker
	s.worker, s.metricsPort, s.last.Metrics = nil, 0, 0 // it keeps its port
	s.replaced = append(s.replaced, p)
	noted := fmt.Sprintf("%s-replaced-%d", p.PidFile, len(s.replaced))
	if err := os.Rename(p.PidFile, noted); err != nil {
		return err
	}
	p.PidFile = noted
	return s.StartWorker(ctx)
}

// ResumeReplaced lets workers that were replaced continue where they were, beside the ones that took their work over.
func (s *Stack) ResumeReplaced() error {
	var errs []error
	for _, p := range s.replaced {
		errs = append(errs, p.Signal(syscall.SIGCONT))
	}
	return errors.Join(errs...)
}

// KillReplaced ends workers that were replaced, whether they continue or not.
func (s *Stack) KillReplaced() error {
	var errs []error
	for _, p := range s.replaced {
		errs = append(errs, p.Kill())
	}
	s.replaced = nil
	return errors.Join(errs...)
}
