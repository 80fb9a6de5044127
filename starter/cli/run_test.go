package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// call is one command line and what came of it.
type call struct {
	System
	code   int
	stdout buffer
	stderr buffer
}

// buffer may be read while it is written, and can signal what is written.
type buffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	seen func(all string)
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	n, err := b.b.Write(p)
	all := b.b.String()
	b.mu.Unlock()
	if b.seen != nil {
		b.seen(all)
	}
	return n, err
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func prepare(s *devServer, args ...string) *call {
	c := &call{}
	c.System = System{
		Args: args, Stdin: strings.NewReader(""), Stdout: &c.stdout, Stderr: &c.stderr, Version: "test",
		Environ:  []string{"TEMPORAL_ADDRESS=" + s.FrontendHostPort(), "TEMPORAL_CONFIG_FILE=/dev/null"},
		Terminal: func(any) (int, int, bool) { return 0, 0, false },
	}
	return c
}

func (c *call) run(ctx context.Context) *call {
	c.code = Run(ctx, c.System)
	return c
}

// drover runs a command line against the scripted worker.
func drover(t *testing.T, args ...string) *call {
	t.Helper()
	c := prepare(server(t), args...).run(t.Context())
	c.matches(t)
	return c
}

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&v), text)
	_, err := d.Token()
	require.ErrorIs(t, err, io.EOF, "one JSON value and nothing else")
	return v
}

func TestCreateFollowsToItsResult(t *testing.T) {
	t.Parallel()
	c := drover(t, "create", "etcd", "--set", "env.password=hunter2")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Regexp(t, `(?m)^ +\d\.\ds  CC4 start, order 0: done after \d\.\ds$`, c.stdout.String())
	require.Contains(t, c.stdout.String(), "! CC3 etcd_node/1: reload failed")
	require.Regexp(t, `(?m)^state +active$`, c.stdout.String())
	require.NotContains(t, c.stdout.String()+c.stderr.String(), "hunter2")
	require.NotContains(t, c.stdout.String(), "\x1b")
}

func TestCreateForProgramsPrintsTheResultAlone(t *testing.T) {
	t.Parallel()
	c := drover(t, "create", "etcd", "-o", "json")
	require.Equal(t, exitOK, c.code)
	require.Equal(t, 3, decoded[api.OperationResult](t, c.stdout.String()).Nodes)
	require.Empty(t, c.stderr.String())
}

func TestAFailureShowsTheCommandsOutputAndWhatNext(t *testing.T) {
	t.Parallel()
	c := drover(t, "create", "etcd", "--name", "fail", "--id", "cl-fail0001")
	require.Equal(t, exitFailed, c.code)
	for _, want := range []string{
		"CreateCluster cl-fail0001 failed: start of etcd_node failed on cln-00000001", "exit code  7", "node       cln-00000001",
		"    | first line\n    | last line\n", "next: check the cluster and the completed steps with: drover status cl-fail0001",
	} {
		require.Contains(t, c.stderr.String(), want)
	}
	require.Contains(t, c.stdout.String(), "undo CC1 release resources: done")

	c = drover(t, "watch", "cl-fail0001", "-o", "json")
	require.Equal(t, exitFailed, c.code, "the last operation's result")
	require.Equal(t, client.StateFailed, decoded[watchLine](t, c.stdout.String()).State)
	p := decoded[output.Problem](t, c.stderr.String())
	require.Equal(t, 7, p.Error.ExitCode)
	require.Equal(t, exitFailed, p.ExitCode)
}

func TestARefusalBeforeAnyEffectIsExitCode3(t *testing.T) {
	t.Parallel()
	c := drover(t, "create", "etcd", "--name", "refuse")
	require.Equal(t, exitRefused, c.code)
	require.Contains(t, c.stderr.String(), "next: try elsewhere")
}

func TestOneOperationAtATime(t *testing.T) {
	t.Parallel()
	const id = "cl-wait0001"
	c := drover(t, "create", "etcd", "--name", "wait", "--id", id, "--no-wait", "-o", "json")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Equal(t, "cluster/"+id, decoded[client.Started](t, c.stdout.String()).WorkflowID)

	// Another client follows from anywhere and sees the progress of the nodes.
	watcher := prepare(server(t), "watch", id)
	watcher.Terminal = func(any) (int, int, bool) { return 90, 30, true }
	seen := make(chan struct{})
	var once sync.Once
	watcher.stdout.seen = func(all string) {
		if strings.Contains(all, "waiting for peers") {
			once.Do(func() { close(seen) })
		}
	}
	watched := make(chan *call, 1)
	go func() { watched <- watcher.run(t.Context()) }()
	<-seen

	busy := drover(t, "delete", id, "--yes")
	require.Equal(t, exitRefused, busy.code)
	require.Regexp(t, "cluster "+id+" is busy: CreateCluster has been running since .*, at step CC4 start, order 0 since ", busy.stderr.String())

	status := drover(t, "status", id)
	require.Equal(t, exitOK, status.code)
	require.Regexp(t, `CC4  start, order 0 +1/3`, status.stdout.String())
	require.Regexp(t, `etcd_node/2 cln-00000002  \d\.\ds  waiting for peers`, status.stdout.String())

	cancelled := drover(t, "cancel", id)
	require.Equal(t, exitOK, cancelled.code, cancelled.stderr.String())
	end := <-watched
	require.Equal(t, exitFailed, end.code)
	require.Contains(t, end.stderr.String(), "was cancelled")
	require.Contains(t, end.stdout.String(), "\x1b[?25l")
	require.True(t, strings.HasSuffix(end.stdout.String(), "\x1b[?25h"), "the cursor is back")

	require.Equal(t, exitRefused, drover(t, "cancel", id).code)

	// Visibility follows a little later.
	require.Eventually(t, func() bool {
		ops := drover(t, "ops", id, "-o", "json")
		list := decoded[List[client.Operation]](t, ops.stdout.String()).Items
		return len(list) == 1 && list[0].State == client.StateCancelled && list[0].Error != nil
	}, 10e9, 1e8)
}

func TestInterruptingDetachesAndTheOperationGoesOn(t *testing.T) {
	t.Parallel()
	const id = "cl-sign0001"
	ctx, interrupt := context.WithCancel(t.Context())
	c := prepare(server(t), "create", "etcd", "--name", "signal", "--id", id)
	c.stdout.seen = func(all string) {
		if strings.Contains(all, "CC4 start, order 0: started") {
			interrupt()
		}
	}
	c.run(ctx)
	require.Equal(t, exitDetached, c.code)
	require.Contains(t, c.stderr.String(), "the operation continues. Follow it again with: drover watch "+id)

	require.NoError(t, server(t).Client().SignalWorkflow(t.Context(), "cluster/"+id, "", "go", nil))
	again := drover(t, "watch", id, "-o", "json")
	require.Equal(t, exitOK, again.code, again.stderr.String())
	require.Equal(t, "active", decoded[watchLine](t, again.stdout.String()).Result.ClusterState)
}

func TestPlansAreNumberedAndTouchNothing(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"plan", "create", "etcd"}, {"create", "etcd", "--dry-run"}} {
		c := drover(t, append(args, "--id", "cl-plan0001")...)
		require.Equal(t, exitOK, c.code, c.stderr.String())
		require.Equal(t, `CreateCluster cl-plan0001 would do, in this order:

  1. CC1  resources for all nodes
  -  CC4  init: skipped, no role defines it
  2. CC4  start, order 0
       start on etcd_node 1-3, at most 600 s
         $ one
           two

Nothing was changed.
`, c.stdout.String())
	}
	c := drover(t, "plan", "create", "etcd", "-o", "json")
	require.Len(t, decoded[api.OperationResult](t, c.stdout.String()).Plan.Steps, 3)
}
