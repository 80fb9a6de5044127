package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
	"drover/tests/stack/consultest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const nowhere = "http://127.0.0.1:1" // nothing listens

// The agent is killed in mid command; the command ends while no agent watches; the next agent knows how.
func TestKilledAgentLosesNoCommand(t *testing.T) {
	t.Parallel()
	n := newNode(t, nowhere)
	n.start()
	require.NoError(t, unix.Mkfifo(n.path("gate"), 0o600))
	cmd := api.Command{Cmd: "echo ran >> " + n.path("count") + "; read x < " + n.path("gate") + "; echo done; exit 5", TimeoutSec: 600}
	st, err := n.client.Launch(t.Context(), "cl-x.7.CC4.init.0.cln-y", cmd, 0)
	require.NoError(t, err)
	require.Equal(t, api.StateRunning, st.State)
	require.Equal(t, []string{"cl-x.7.CC4.init.0.cln-y"}, n.answers().Running)

	n.kill(syscall.SIGKILL)
	gate, err := os.OpenFile(n.path("gate"), os.O_RDWR, 0)
	require.NoError(t, err)
	defer gate.Close()

	n.start() // over the socket the killed one left
	require.Equal(t, []string{"cl-x.7.CC4.init.0.cln-y"}, n.answers().Running)
	st, err = n.client.Launch(t.Context(), "cl-x.7.CC4.init.0.cln-y", cmd, 0)
	require.NoError(t, err)
	require.Equal(t, api.StateRunning, st.State, "a retry attaches")
	n.kill(syscall.SIGKILL)
	_, err = gate.WriteString("go\n")
	require.NoError(t, err)
	require.True(t, poll(func() bool {
		b, err := os.ReadFile(n.path("journal/cl-x.7.CC4.init.0.cln-y/record"))
		return err == nil && strings.Contains(string(b), `{"result":`)
	}))

	n.start()
	st, err = n.client.Attach(t.Context(), "cl-x.7.CC4.init.0.cln-y", patience)
	require.NoError(t, err)
	require.Equal(t, api.StateExited, st.State)
	require.Equal(t, 5, st.ExitCode)
	require.Equal(t, "done\n", st.Output)
	require.Equal(t, "ran\n", content(t, n.path("count")), "three agents, one run")
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	n := newNode(t, nowhere)
	out, _, code := n.cli("version")
	require.Equal(t, "v9.9.9\n", out)
	require.Zero(t, code)
	_, errs, code := n.cli("status")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "the agent does not answer")
	n.start()

	out, _, code = n.cli("status", "-o", "json")
	require.Zero(t, code)
	var st api.Status
	require.NoError(t, json.Unmarshal([]byte(out), &st))
	require.Equal(t, "cln-aaaaaaaa", st.NodeID)
	require.Equal(t, "v9.9.9", st.Version)
	out, _, _ = n.cli("status")
	require.Contains(t, out, "does not answer")
	_, errs, code = n.cli("status", "-o", "yaml")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "use text or json")

	_, errs, code = n.cli("launch", "--id", "a", "--timeout", "1m", "--", "echo out;", "exit 7")
	require.Zero(t, code, errs)
	out, errs, code = n.cli("attach", "a")
	require.Equal(t, 7, code)
	require.Equal(t, "out\n", out)
	require.Equal(t, "a: exit code 7\n", errs)
	_, _, code = n.cli("launch", "--id", "b", "--wait", "1m", "--", "exit 3")
	require.Equal(t, 3, code)
	_, _, code = n.cli("launch", "--id", "c", "--", "sleep 1000")
	require.Zero(t, code)
	_, errs, code = n.cli("cancel", "c")
	require.Zero(t, code)
	require.Contains(t, errs, "cancelled")
	_, errs, code = n.cli("attach", "unknown-id")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "unknown-id")
	_, errs, code = n.cli("sync", "--revision", "1", "--timeout", "1s")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "was not applied within 1s")
	out, _, code = n.cli("render", "--help")
	require.Zero(t, code)
	require.Contains(t, out, "--noop")
	out, _, code = n.cli("completion", "bash")
	require.Zero(t, code)
	require.Contains(t, out, "drover-agent")
}

// tree is what n nodes look like to each other: 22 keys each.
func tree(nodes int, value string) metadata.Tree {
	t := metadata.Tree{"self/cluster/cluster_id": "cl-aaaaaaaa", "self/env/x": value}
	fields := strings.Fields("ip eip mac sid gid gsid node_id instance_id cpu gpu memory volume_size instance_class gpu_class " +
		"volume_class physical_machine zone hypervisor role pub_key token reserved_ips/vip/value")
	for i := range nodes {
		for _, f := range fields {
			t[fmt.Sprintf("self/hosts/etcd_node/i-%08d/%s", i, f)] = fmt.Sprintf("%s-%d", f, i)
		}
	}
	return t
}

const hostsTemplate = `x={{ getv "/env/x" }} me={{ getv "/host/ip" }}
{{ range ls "/hosts/etcd_node" }}{{ . }} {{ getv (printf "/hosts/etcd_node/%s/ip" .) }}
{{ end }}`

func TestRevisionsFromConsul(t *testing.T) {
	t.Parallel()
	consul := consultest.StartServer(t, "")
	ctx := context.Background()
	publish := func(rev int64, value string) {
		s := store.New(consul.Client, "drover")
		require.Eventually(t, func() bool {
			_, err := s.PutRecord(ctx, &lifecycle.Record{ClusterID: "cl-aaaaaaaa", Operation: lifecycle.Operation{RunID: "test"}}, 0)
			if err != nil && !fault.Is(err, fault.Conflict) {
				return false
			}
			return s.Publish(ctx, "cl-aaaaaaaa", rev, "test", tree(3, value)) == nil
		}, patience, 50*time.Millisecond)
	}
	n := newNode(t, consul.Addr)
	dest, reloads := n.resource("hosts", hostsTemplate)
	n.start()
	require.True(t, poll(func() bool { return strings.Contains(n.answers().Waiting, "no metadata is published") }))

	publish(1, "one")
	res := n.sync(1)
	require.Equal(t, 1, res.Changed)
	require.Empty(t, res.Warnings)
	require.Contains(t, content(t, dest), "x=one me=ip-0\ni-00000000 ip-0\n")
	require.Equal(t, "reload\n", content(t, reloads))

	publish(2, "two")
	n.sync(2)
	require.Contains(t, content(t, dest), "x=two")
	require.Equal(t, "reload\nreload\n", content(t, reloads))

	// Consul goes away and comes back with its data.
	consul.Stop()
	require.True(t, poll(func() bool { st := n.answers(); return !st.ConsulOK && st.Waiting != "" }))
	require.EqualValues(t, 2, n.answers().Revision)
	require.NoError(t, consul.Start())
	require.True(t, poll(func() bool { return n.answers().ConsulOK }))
	publish(3, "three")
	n.sync(3)
	require.Contains(t, content(t, dest), "x=three")

	// An agent restart alone reloads nothing, and finds what happened meanwhile.
	n.kill(syscall.SIGKILL)
	n.start()
	require.EqualValues(t, 3, n.answers().Revision)
	n.sync(3)
	require.Equal(t, 3, strings.Count(content(t, reloads), "reload"))
	n.kill(syscall.SIGTERM)
	publish(4, "four")
	n.start()
	n.sync(4)
	require.Contains(t, content(t, dest), "x=four")
	require.Equal(t, 4, strings.Count(content(t, reloads), "reload"))

	// HUP reads conf.d again.
	more, _ := n.resource("more", "{{ getv \"/env/x\" }}\n")
	require.NoError(t, n.agent.Process.Signal(syscall.SIGHUP))
	require.True(t, poll(func() bool { _, err := os.Stat(more); return err == nil }))
	out, _, code := n.cli("reload")
	require.Zero(t, code)
	require.Contains(t, out, "revision 4")
}

func TestMemoryWithALargeTree(t *testing.T) {
	consul := consultest.StartServer(t, "")
	n := newNode(t, consul.Addr)
	n.resource("hosts", hostsTemplate)
	s := store.New(consul.Client, "drover")
	n.start()
	require.True(t, poll(func() bool { return n.answers().ConsulOK }))
	t.Logf("before the first revision: VmRSS %d kB", procStatus(t, n.agent.Process.Pid, "VmRSS"))
	for rev := int64(1); rev <= 5; rev++ {
		consultest.Own(t, s, "cl-aaaaaaaa", "test")
		require.NoError(t, s.Publish(t.Context(), "cl-aaaaaaaa", rev, "test", tree(200, fmt.Sprint(rev))))
		n.sync(rev)
	}
	var rss int
	require.True(t, poll(func() bool {
		rss = procStatus(t, n.agent.Process.Pid, "VmRSS")
		return rss <= 15<<10
	}), "VmRSS %d kB with 4,402 keys", rss)
	t.Logf("idle with 4,402 keys: VmRSS %d kB, of it anonymous %d kB, threads %d", rss,
		procStatus(t, n.agent.Process.Pid, "RssAnon"), procStatus(t, n.agent.Process.Pid, "Threads"))
}

// The order of durability: nothing runs before it is on disk that it will, and nothing counts before its result is.
func TestStartedIsDurableBeforeTheCommandRuns(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace")
	}
	n := newNode(t, nowhere)
	args := append([]string{"-f", "-qq", "-y", "-e", "trace=fsync,fdatasync,execve", "-o", n.path("trace"), n.bin,
		"run", "--socket", n.path("sock"), "--config", n.path("agent.json")}, n.flags()...)
	traced := exec.CommandContext(t.Context(), strace, args...)
	require.NoError(t, traced.Start())
	n.answers()
	st, err := n.client.Launch(t.Context(), "f", api.Command{Cmd: "true", TimeoutSec: 60}, patience)
	require.NoError(t, err)
	require.Equal(t, api.StateExited, st.State)
	// The agent itself: strace does not pass signals on.
	require.NoError(t, syscall.Kill(n.agentPid(), syscall.SIGTERM))
	require.NoError(t, traced.Wait())
	trace := content(t, n.path("trace"))
	at := 0
	for _, want := range []string{
		`"supervise"`,
		"journal/f/record>",      // intent and started
		"journal/f>", "journal>", // both folders: now it lasts
		`"-c", "true"`,
		"journal/f/record>", // the result
	} {
		i := strings.Index(trace[at:], want)
		require.GreaterOrEqual(t, i, 0, "%s is missing or too early in:\n%s", want, trace)
		at += i + strings.IndexByte(trace[at+i:], '\n')
	}
}
