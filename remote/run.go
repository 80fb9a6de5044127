package remote

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"drover/fault"
)

// drain is how long Run waits for the end of the output after the command has ended. The time passes only when the
// command left a process behind that keeps the pipes open; otherwise the end arrives at once.
const drain = 250 * time.Millisecond

// Result is the outcome of a command.
type Result struct {
	ExitCode int // 128+n when signal n ended it
	// Stdout and Stderr are the first MaxOutput bytes each; Truncated reports that there was more.
	Stdout, Stderr []byte
	Truncated      bool
}

// Reach connects and logs in to the node unless there is a connection already. It runs no command.
func (p *Pool) Reach(ctx context.Context, t Target) error {
	c, _, err := p.acquire(ctx, t)
	if err == nil {
		p.release(c)
	}
	return err
}

// Run runs a small administrative command in the user's shell on the node; a nil stdin is empty. A non-zero exit code
// is a Result, not an error. When ctx ends, Run closes the session and returns at once; whether the command continues is
// unknown, so commands given to Run must be idempotent. The same holds when the connection breaks.
func (p *Pool) Run(ctx context.Context, t Target, cmd string, stdin io.Reader) (Result, error) {
	if strings.ContainsRune(cmd, 0) {
		return Result{}, faultAt(t, fault.Invalid, "a command for node %s contains a NUL byte", t)
	}
	s, done, err := p.session(ctx, t)
	if err != nil {
		return Result{}, err
	}
	defer done()
	var stdout, stderr output
	copied := collect(s, &stdout, &stderr)
	code, err := s.await(ctx, t, cmd, stdin)
	if err != nil {
		return Result{}, err
	}
	timer := time.NewTimer(drain)
	defer timer.Stop()
	select {
	case <-copied:
	case <-timer.C:
	case <-ctx.Done():
	}
	r := Result{ExitCode: code}
	var cut1, cut2 bool
	r.Stdout, cut1 = stdout.snapshot()
	r.Stderr, cut2 = stderr.snapshot()
	r.Truncated = cut1 || cut2
	return r, nil
}

// Pipe runs a command whose standard input and output are streams of any length, and returns when the command has ended and
// all of its output was written to stdout. Stderr of the result has its first MaxOutput bytes. A non-zero exit code is a
// Result, not an error. When ctx ends, Pipe closes the session and returns at once.
func (p *Pool) Pipe(ctx context.Context, t Target, cmd string, stdin io.Reader, stdout io.Writer) (Result, error) {
	s, done, err := p.session(ctx, t)
	if err != nil {
		return Result{}, err
	}
	defer done()
	var stderr output
	sink := &failing{w: stdout}
	copied := collect(s, sink, &stderr)
	code, err := s.await(ctx, t, cmd, stdin)
	if err != nil {
		return Result{}, err
	}
	select {
	case <-copied:
	case <-ctx.Done():
		return Result{}, ctxFault(ctx, t, "run a command on")
	}
	r := Result{ExitCode: code}
	r.Stderr, r.Truncated = stderr.snapshot()
	return r, sink.err
}

// await runs a command until it ends or ctx does.
func (s *session) await(ctx context.Context, t Target, cmd string, stdin io.Reader) (int, error) {
	type end struct {
		code int
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		code, err := s.exec(cmd, stdin)
		ended <- end{code, err}
	}()
	select {
	case <-ctx.Done():
		return 0, ctxFault(ctx, t, "run a command on")
	case e := <-ended:
		if e.err != nil {
			return 0, fault.Wrap(e.err, fault.Unreachable, "lost node %s while a command ran", t).At("", t.NodeID, "")
		}
		return e.code, nil
	}
}

// failing keeps the first error of a writer, and takes what comes after it: a command that writes must come to its end.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.err == nil {
		_, f.err = f.w.Write(b)
	}
	return len(b), nil
}

// collect copies both outputs in the background; copied is closed when both have ended.
func collect(s *session, stdout, stderr io.Writer) (copied <-chan struct{}) {
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(stdout, s) })
	both.Go(func() { _, _ = io.Copy(stderr, s.Stderr()) })
	all := make(chan struct{})
	go func() { both.Wait(); close(all) }()
	return all
}
