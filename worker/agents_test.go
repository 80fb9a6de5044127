package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/activities"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
	"drover/providers"
	"drover/providers/local"
	"drover/remote"
	"drover/tests/fakes"
	"drover/tests/stack/consultest"
)

const testCluster = "cl-test0001"

// agentWorld is a node with its agent running and revision 1 applied, and the cluster's store.
type agentWorld struct {
	activities.Agents
	node lifecycle.Node
	cfg  agentapi.Config
	// publish makes a revision visible.
	publish func(t *testing.T, revision int64)
	// runs returns how often the command with this id began.
	runs func(t *testing.T, id string) int
	// begun waits until the command has begun.
	begun func(t *testing.T, id string)
	// worker is another worker with another drover-agent; it opens the provider only when it starts.
	worker func(t *testing.T, agentBinary string, starts bool) activities.Agents
}

// The service in the id of a command determines its behavior: a shell script for real nodes, a handler for fakes.
var texts = map[string]string{
	"echo":   `echo out; echo err >&2`,
	"fail":   `echo reason; exit 7`,
	"waits":  `while [ ! -e /tmp/go ]; do sleep 0.02; done`,
	"sleeps": `exec sleep 3600`,
}

func commandOf(id string) agentapi.Command {
	text := texts[strings.Split(id, ".")[3]]
	return agentapi.Command{Cmd: "echo " + id + " >> /tmp/runs; " + text, TimeoutSec: 120, GraceSec: 2}
}

func commandID(service, name string) string {
	return testCluster + ".1.CC4." + service + "." + name
}

func fakeAgents(t *testing.T) (agentWorld, func()) {
	s := fakes.NewStore()
	agents := fakes.NewAgents(s)
	released := make(chan struct{})
	agents.On("echo", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		st := fakes.Exit(0, "out\nerr\n")
		st.Stdout = "out\n"
		return st
	})
	agents.On("fail", func(context.Context, fakes.Execution) agentapi.CommandStatus { return fakes.Exit(7, "reason\n") })
	agents.On("waits", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		select {
		case <-released:
		case <-ctx.Done():
		}
		return fakes.Exit(0, "")
	})
	agents.On("sleeps", func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		<-ctx.Done()
		return fakes.Exit(0, "")
	})
	w := agentWorld{
		Agents: agents, node: lifecycle.Node{ID: "cln-1", InstanceID: "i-1", SID: 1},
		cfg: agentapi.Config{ClusterID: testCluster, NodeID: "cln-1", InstanceID: "i-1"},
		publish: func(t *testing.T, rev int64) {
			consultest.Own(t, s, testCluster, "w")
			require.NoError(t, s.Publish(t.Context(), testCluster, rev, "w", metadata.Tree{"self/a": fmt.Sprint(rev)}))
		},
		runs: func(_ *testing.T, id string) int {
			n := 0
			for _, e := range agents.Ran() {
				if e.ID == id {
					n++
				}
			}
			return n
		},
	}
	w.begun = func(t *testing.T, id string) { eventually(t, func() bool { return w.runs(t, id) > 0 }) }
	return w, func() { close(released) }
}

// buildPrograms makes the programs a local node runs.
func buildPrograms(t *testing.T) (agent, node string) {
	t.Helper()
	return buildProgram(t, "../agent", "test"), buildProgram(t, "../providers/local/node", "test")
}

func buildProgram(t *testing.T, pkg, version string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags", "-X main.version="+version, "-o", file, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoErrorf(t, err, "build %s: %s", pkg, out)
	return file
}

// realAgents is a node of the local provider, reached over SSH by the worker's own adapter.
func realAgents(t *testing.T, addresses string) (agentWorld, func()) {
	addr, client := consultest.Start(t)
	prefix := consultest.Prefix()
	kv := store.New(client, prefix)
	agentBinary, nodeBinary := buildPrograms(t)
	images := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(images, "bare", "opt"), 0o755))
	options := local.Options{
		StateDir: filepath.Join(t.TempDir(), "state"), ImagesDir: images, NodeBinary: nodeBinary, AgentBinary: agentBinary,
		Range: addresses,
	}
	machines, err := local.New(options)
	if fault.Is(err, fault.NotAllowed) || err != nil && os.Getuid() != 0 {
		t.Skipf("no local nodes here: %v", err)
	}
	require.NoError(t, err)

	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	id := "i-" + activities.RandomID()
	t.Cleanup(func() { require.NoError(t, machines.DeleteInstance(context.WithoutCancel(t.Context()), id)) })
	made, err := machines.CreateInstance(t.Context(), providers.InstanceSpec{
		ID: id, Tags: providers.Tags{ClusterID: testCluster, NodeID: "cln-1"}, Image: "bare", ContainerType: "local",
		Size: providers.Size{CPU: 1, Memory: 256}, AuthorizedKey: authorizedKey(signer),
	})
	require.NoError(t, err)
	node := lifecycle.Node{
		ID: "cln-1", InstanceID: id, SID: 1, IP: made.IP,
		SSH: made.SSH,
	}
	pool := remote.New(remote.Options{Signer: signer, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { pool.Close() })
	w := agentWorld{
		Agents: agents{remote: remote.NewAgents(pool), binary: agentBinary}, node: node,
		cfg: agentapi.Config{ClusterID: testCluster, NodeID: "cln-1", InstanceID: id, Consul: addr, KVPrefix: prefix},
		publish: func(t *testing.T, rev int64) {
			tree := metadata.Tree{"self/host/node_id": "cln-1", "self/hosts/" + id + "/node_id": "cln-1", "self/a": fmt.Sprint(rev)}
			consultest.Own(t, kv, testCluster, "w")
			require.NoError(t, kv.Publish(t.Context(), testCluster, rev, "w", tree))
		},
	}
	w.worker = func(t *testing.T, agentBinary string, starts bool) activities.Agents {
		if starts {
			options.AgentBinary = agentBinary
			_, err := local.New(options)
			require.NoError(t, err)
		}
		return agents{remote: remote.NewAgents(pool), binary: agentBinary}
	}
	asked := 0
	ask := func(t *testing.T, text string) string {
		asked++
		st, err := w.Run(t.Context(), node, fmt.Sprintf("ask.%d", asked), agentapi.Command{Cmd: text, TimeoutSec: 60, Stdout: true}, agentapi.Watch{})
		require.NoError(t, err)
		return strings.TrimSpace(st.Stdout)
	}
	w.runs = func(t *testing.T, id string) int {
		n := 0
		for line := range strings.Lines(ask(t, "cat /tmp/runs 2>/dev/null")) {
			if strings.TrimSpace(line) == id {
				n++
			}
		}
		return n
	}
	w.begun = func(t *testing.T, id string) {
		ask(t, "until grep -qx "+id+" /tmp/runs; do sleep 0.02; done")
	}
	return w, func() { ask(t, "touch /tmp/go") }
}

func TestAgents(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		w, release := fakeAgents(t)
		agentBehaviour(t, w, release)
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		w, release := realAgents(t, "127.93.7.0/28")
		agentBehaviour(t, w, release)
	})
}

// A worker with another drover-agent replaces the agent of a running node; what runs there goes on.
func TestANewAgentReachesRunningNodes(t *testing.T) {
	t.Parallel()
	w, release := realAgents(t, "127.93.7.16/28")
	w.publish(t, 1)
	require.NoError(t, w.Ensure(t.Context(), w.node, w.cfg))
	version := func() string {
		st, err := w.Status(t.Context(), w.node)
		require.NoError(t, err)
		return st.Version
	}
	require.Equal(t, "test", version())
	id := commandID("waits", "a")
	done := make(chan error, 1)
	go func() {
		st, err := w.Run(t.Context(), w.node, id, commandOf(id), agentapi.Watch{})
		if err == nil && st.ExitCode != 0 {
			err = fmt.Errorf("exit code %d", st.ExitCode)
		}
		done <- err
	}()
	w.begun(t, id)

	next := buildProgram(t, "../agent", "next")
	began := time.Now()
	err := w.worker(t, next, false).Ensure(t.Context(), w.node, w.cfg)
	require.Truef(t, fault.Is(err, fault.NotAllowed), "%v", err)
	require.ErrorContains(t, err, "/opt/drover/bin/drover-agent of node cln-1")
	require.Contains(t, fault.As(err).Hint, "drover stop, then drover start")
	require.Less(t, time.Since(began), 20*time.Second, "no time limit has passed")
	require.Equal(t, "test", version())

	for range 2 {
		require.NoError(t, w.worker(t, next, true).Ensure(t.Context(), w.node, w.cfg))
		require.Equal(t, "next", version())
	}
	release()
	require.NoError(t, <-done, "the command was not disturbed")
	require.Equal(t, 1, w.runs(t, id))
}

// agentBehaviour tests the behavior that activities rely on, in order of a node's life: its steps build on each other.
func agentBehaviour(t *testing.T, w agentWorld, release func()) {
	step := func(name string, check func(t *testing.T)) {
		if !t.Run(name, check) {
			t.FailNow()
		}
	}
	run := func(t *testing.T, service, name string) (agentapi.CommandStatus, error) {
		id := commandID(service, name)
		return w.Run(t.Context(), w.node, id, commandOf(id), agentapi.Watch{})
	}

	step("ensure twice", func(t *testing.T) {
		w.publish(t, 1)
		for range 2 {
			require.NoError(t, w.Ensure(t.Context(), w.node, w.cfg))
		}
		st, err := w.Status(t.Context(), w.node)
		require.NoError(t, err)
		require.Equal(t, []string{testCluster, "cln-1", w.node.InstanceID}, []string{st.ClusterID, st.NodeID, st.InstanceID})
		require.Equal(t, "disabled", st.Health)
	})
	step("sync", func(t *testing.T) {
		for range 2 {
			res, err := w.Sync(t.Context(), w.node, 1, time.Minute, nil)
			require.NoError(t, err)
			require.EqualValues(t, 1, res.Revision)
		}
		_, err := w.Sync(t.Context(), w.node, 2, time.Second, nil)
		require.Truef(t, fault.Is(err, fault.BarrierTimeout), "%v", err)
		require.Equal(t, "cln-1", fault.As(err).Node)

		done := make(chan error, 1)
		go func() { _, err := w.Sync(t.Context(), w.node, 2, time.Minute, nil); done <- err }()
		w.publish(t, 2)
		require.NoError(t, <-done)
		res, err := w.Sync(t.Context(), w.node, 1, time.Minute, nil)
		require.NoError(t, err, "an older revision is applied already")
		require.GreaterOrEqual(t, res.Revision, int64(2))
		st, err := w.Status(t.Context(), w.node)
		require.NoError(t, err)
		require.EqualValues(t, 2, st.Revision)
	})
	step("output and exit code", func(t *testing.T) {
		ok, err := run(t, "echo", "a")
		require.NoError(t, err)
		require.Equal(t, agentapi.StateExited, ok.State)
		require.Zero(t, ok.ExitCode)
		require.Equal(t, "out\nerr\n", ok.Output)
		require.Empty(t, ok.Stdout, "not asked for")

		id := commandID("echo", "b")
		cmd := commandOf(id)
		cmd.Stdout = true
		ok, err = w.Run(t.Context(), w.node, id, cmd, agentapi.Watch{})
		require.NoError(t, err)
		require.Equal(t, "out\n", ok.Stdout)
		require.Equal(t, id, ok.ID)

		failed, err := run(t, "fail", "a")
		require.NoError(t, err, "an exit code is an answer")
		require.Equal(t, 7, failed.ExitCode)
		require.Equal(t, "reason\n", failed.Output)
	})
	step("progress", func(t *testing.T) {
		var last agentapi.CommandStatus
		id := commandID("echo", "c")
		st, err := w.Run(t.Context(), w.node, id, commandOf(id), agentapi.Watch{Progress: func(st agentapi.CommandStatus) { last = st }})
		require.NoError(t, err)
		require.Equal(t, st, last)
	})
	step("once, from many sides and again", func(t *testing.T) {
		id := commandID("fail", "many")
		var wg sync.WaitGroup
		codes := make([]int, 20)
		errs := make([]error, len(codes))
		for i := range codes {
			wg.Go(func() {
				st, err := run(t, "fail", "many")
				codes[i], errs[i] = st.ExitCode, err
			})
		}
		wg.Wait()
		for i := range codes {
			require.NoError(t, errs[i])
			require.Equal(t, 7, codes[i])
		}
		st, err := run(t, "fail", "many")
		require.NoError(t, err)
		require.Equal(t, 7, st.ExitCode)
		require.Equal(t, 1, w.runs(t, id))
	})
	step("an ended context leaves the command alone", func(t *testing.T) {
		id := commandID("waits", "a")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { _, err := w.Run(ctx, w.node, id, commandOf(id), agentapi.Watch{}); done <- err }()
		w.begun(t, id)
		cancel()
		err := <-done
		require.Truef(t, fault.Is(err, fault.Unreachable), "%v", err)
		release()
		st, err := run(t, "waits", "a")
		require.NoError(t, err)
		require.False(t, st.Canceled)
		require.Zero(t, st.ExitCode)
		require.Equal(t, 1, w.runs(t, id))
	})
	step("cancel", func(t *testing.T) {
		id := commandID("sleeps", "a")
		type ended struct {
			st  agentapi.CommandStatus
			err error
		}
		done := make(chan ended, 1)
		go func() { st, err := run(t, "sleeps", "a"); done <- ended{st, err} }()
		w.begun(t, id)
		for range 2 {
			st, err := w.Cancel(t.Context(), w.node, id)
			require.NoError(t, err)
			require.Equal(t, agentapi.StateExited, st.State)
			require.True(t, st.Canceled)
			require.Equal(t, 143, st.ExitCode, "128 + SIGTERM")
		}
		e := <-done
		require.NoError(t, e.err)
		require.True(t, e.st.Canceled)
		again, err := run(t, "sleeps", "a")
		require.NoError(t, err)
		require.True(t, again.Canceled, "it is over and stays so")
		require.Equal(t, 1, w.runs(t, id))

		ok, err := w.Cancel(t.Context(), w.node, commandID("echo", "a"))
		require.NoError(t, err)
		require.False(t, ok.Canceled, "it had ended by itself")
		_, err = w.Cancel(t.Context(), w.node, commandID("echo", "never"))
		require.Truef(t, fault.Is(err, fault.NotFound), "%v", err)
	})
	step("refusals", func(t *testing.T) {
		id := commandID("echo", "a")
		_, err := w.Run(t.Context(), w.node, id, agentapi.Command{Cmd: "echo something else", TimeoutSec: 10}, agentapi.Watch{})
		require.Truef(t, fault.Is(err, fault.Conflict), "%v", err)
		for bad, cmd := range map[string]agentapi.Command{
			"a/b":                    {Cmd: "true", TimeoutSec: 10},
			strings.Repeat("x", 201): {Cmd: "true", TimeoutSec: 10},
			"no-time-limit":          {Cmd: "true"},
		} {
			_, err := w.Run(t.Context(), w.node, bad, cmd, agentapi.Watch{})
			require.Truef(t, fault.Is(err, fault.Invalid), "%s: %v", bad, err)
		}
	})
}

// eventually waits for an effect of other goroutines.
func eventually(t *testing.T, happened func() bool) {
	t.Helper()
	for !happened() {
		select {
		case <-t.Context().Done():
			require.NoError(t, t.Context().Err())
		case <-time.After(time.Millisecond):
		}
	}
}
