package stack

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"drover/tests/stack/tree"
)

// What the tests of one package share.
var (
	testDir string
	mu      sync.Mutex
	atEnd   []func() error
)

// Main is the body of TestMain. It runs start before the tests, if there is one, ends everything that was started by
// ForTests or noted by AtEnd when they are done, and exits. With -short, a package that has a start is skipped.
func Main(m *testing.M, start func(ctx context.Context) error) {
	flag.Parse()
	os.Exit(run(m, start))
}

func run(m *testing.M, start func(ctx context.Context) error) (code int) {
	if start != nil && testing.Short() {
		fmt.Println("SKIP: these tests run Temporal, Consul and nodes: not with -short")
		return 0
	}
	err := prepare(start)
	if err == nil {
		ended := noteInputs(start != nil)
		code = m.Run()
		ended()
	}
	if err = errors.Join(err, finish()); err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		code = max(code, 1)
	}
	return code
}

// noteInputs notes again and again what tests depend on that was started before them, until the returned function is called:
// Go records it only while m.Run runs.
func noteInputs(started bool) (ended func()) {
	root, err := tree.Root()
	if !started || err != nil {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			tree.NoteInputs(root)
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

func prepare(start func(ctx context.Context) error) (err error) {
	if testDir, err = os.MkdirTemp("", "dr-"); err != nil || start == nil { // short, for the paths of sockets
		return err
	}
	return start(context.Background())
}

// finish ends what was started, the last one first.
func finish() error {
	var errs []error
	for i := range atEnd {
		errs = append(errs, atEnd[len(atEnd)-1-i]())
	}
	return errors.Join(append(errs, os.RemoveAll(testDir))...)
}

// AtEnd notes what ends something that tests share. Main calls it after the last test.
func AtEnd(end func() error) {
	mu.Lock()
	defer mu.Unlock()
	atEnd = append(atEnd, end)
}

// TestDir is a folder for what the tests of a package share. It is removed after the last one.
func TestDir() string { return testDir }

// Range is a range of addresses for local nodes that no other process uses. There are two of them for each process: 0
// and 1.
func Range(i int) string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.0/24", 128+64*i+pid/256%64, pid%256)
}

// ForTests starts the servers that the tests of a package share, in a folder of TestDir, with Drover's programs from bin/.
// Main ends them, and the local nodes that failed tests left. The worker is started by StartWorker.
func ForTests(ctx context.Context, name string, o Options) (s *Stack, err error) {
	if o.Bin == "" && !o.TemporalOnly {
		if o.Bin, err = tree.Programs(); err != nil {
			return nil, err
		}
	}
	if o.Range == "" {
		o.Range = Range(0)
	}
	o.Dir, o.Log, o.DieWithParent = filepath.Join(testDir, name), os.Stderr, true
	if s, err = Start(ctx, o); err != nil {
		return nil, err
	}
	AtEnd(func() error { return s.end() })
	return s, nil
}

func (s *Stack) end() error {
	err := s.Stop()
	if _, statErr := os.Stat(filepath.Join(s.StateDir, "nodes")); statErr != nil {
		return err // there never was a node
	}
	machines, machinesErr := s.Machines()
	if machinesErr != nil {
		return errors.Join(err, machinesErr)
	}
	return errors.Join(err, machines.Clear(context.Background()))
}
