package remote

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"drover/fault"

	"golang.org/x/crypto/ssh"
)

// drain is how long Run waits for the end of the output after the command has ended. It passes only when the command
// left a process behind that keeps the pipes open; otherwise the end is already on its way.
const drain = 250 * time.Millisecond

// Result is how a command ended.
type Result struct {
	ExitCode int // 128+n when signal n ended it
	// Stdout and Stderr are the first MaxOutput bytes each; Truncated says that there was more.
	Stdout, Stderr []byte
	Truncated      bool
}

// Run runs a small administrative command in the user's shell on the node; a nil stdin is empty. A non-zero exit code
// is a Result and no error. The end of ctx closes the session and returns at once, without knowing whether the command
// goes on: commands given to Run must be safe to repeat. The same holds when the connection breaks.
func (p *Pool) Run(ctx context.Context, t Target, cmd string, stdin io.Reader) (Result, error) {
	if strings.ContainsRune(cmd, 0) {
		return Result{}, t.fault(fault.Invalid, "a command for node %s contains a NUL byte", t)
	}
	s, done, err := p.session(ctx, t)
	if err != nil {
		return Result{}, err
	}
	defer done()
	var stdout, stderr output
	copied, err := collect(s, &stdout, &stderr)
	if err != nil {
		return Result{}, fault.Wrap(err, fault.Internal, "cannot prepare a command for node %s", t)
	}
	s.Stdin = stdin
	ended := make(chan error, 1)
	go func() {
		err := s.Start(cmd)
		if err == nil {
			err = s.Wait()
		}
		ended <- err
	}()
	select {
	case <-ctx.Done():
		return Result{}, ctxFault(ctx, t, "run a command on")
	case err = <-ended:
	}
	var exit *ssh.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Result{}, fault.Wrap(err, fault.Unreachable, "lost node %s while it ran a command", t).At("", t.NodeID, "")
	}
	timer := time.NewTimer(drain)
	defer timer.Stop()
	select {
	case <-copied:
	case <-timer.C:
	case <-ctx.Done():
	}
	var r Result
	var cut1, cut2 bool
	if exit != nil {
		r.ExitCode = exit.ExitStatus()
	}
	r.Stdout, cut1 = stdout.snapshot()
	r.Stderr, cut2 = stderr.snapshot()
	r.Truncated = cut1 || cut2
	return r, nil
}

// collect copies both outputs in the background. Session.Wait then returns when the command has ended, even if a
// process it left behind holds the pipes open.
func collect(s *ssh.Session, stdout, stderr io.Writer) (copied <-chan struct{}, err error) {
	outPipe, err := s.StdoutPipe()
	if err != nil {
		return nil, err
	}
	errPipe, err := s.StderrPipe()
	if err != nil {
		return nil, err
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(stdout, outPipe) })
	both.Go(func() { _, _ = io.Copy(stderr, errPipe) })
	all := make(chan struct{})
	go func() { both.Wait(); close(all) }()
	return all, nil
}

// session opens a session within the connection's bound; done closes it and must be called.
func (p *Pool) session(ctx context.Context, t Target) (s *ssh.Session, done func(), err error) {
	s, l, err := withChannel(ctx, p, t, true, func(c *conn) (*ssh.Session, error) { return c.client.NewSession() })
	if err != nil {
		return nil, nil, err
	}
	return s, func() {
		// Closing writes to the network, and the node may be gone: nobody waits for it.
		go func() {
			_ = s.Close()
			l.end()
		}()
	}, nil
}
