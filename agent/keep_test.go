package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"
	"drover/agent/keep"

	"github.com/stretchr/testify/require"
)

// keeping gives the node's own places to package keep.
func (n *node) keeping() keep.Node {
	return keep.Node{
		Program: n.bin, Socket: n.path("sock"), ConfigFile: n.path("agent.json"), ServicesDir: n.path("services"),
		UnitFile: n.path("unit"), PidFile: n.path("keeper.pid"), LogFile: n.path("log"), RunFlags: n.flags(), Init: "other",
		HangUp:    func() error { return nil },
		Systemctl: func(context.Context, ...string) error { return nil },
	}
}

// agentPid finds the agent by its command line.
func (n *node) agentPid() int {
	out, _ := exec.Command("pgrep", "-f", "^"+n.bin+" run --socket "+n.path("sock")).Output()
	pid := 0
	for _, c := range strings.TrimSpace(string(out)) {
		if c < '0' || c > '9' {
			break
		}
		pid = pid*10 + int(c-'0')
	}
	return pid
}

func TestStartAndStopByAParentProcess(t *testing.T) {
	t.Parallel()
	n := newNode(t, nowhere)
	k := n.keeping()
	t.Cleanup(func() { k.Stop(context.Background(), patience) })
	_, err := k.Start(t.Context(), patience)
	require.NoError(t, err)
	first := n.agentPid()
	require.NotZero(t, first)
	_, err = k.Start(t.Context(), patience)
	require.NoError(t, err)
	require.Equal(t, first, n.agentPid(), "a second start changes nothing")

	_, err = n.client.Launch(t.Context(), "long", api.Command{Cmd: "sleep 1000", TimeoutSec: 2000}, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.True(t, poll(func() bool { pid := n.agentPid(); return pid != 0 && pid != first }), "comes back after kill -9")
	n.answers()

	before := n.agentPid()
	n.config.Role = "other"
	n.settings()
	_, err = k.Start(t.Context(), patience)
	require.NoError(t, err)
	require.NotEqual(t, before, n.agentPid(), "other settings restart it")

	require.NoError(t, k.Stop(t.Context(), patience))
	require.Zero(t, n.agentPid())
	require.NoError(t, k.Stop(t.Context(), patience), "stopping what does not run")
	_, err = k.Start(t.Context(), patience)
	require.NoError(t, err)
	require.Equal(t, []string{"long"}, n.answers().Running, "commands outlive all of it")
	_, err = n.client.Cancel(t.Context(), "long", patience)
	require.NoError(t, err)
}

func TestStartRefusesBadSettings(t *testing.T) {
	t.Parallel()
	n := newNode(t, "not an address")
	_, err := n.keeping().Start(t.Context(), patience)
	require.ErrorContains(t, err, "http://host:port")
	require.Zero(t, n.agentPid())
}

// smallInit does what a node's own process 1 does with api.ServicesDir.
type smallInit struct {
	t    *testing.T
	dir  string
	mu   sync.Mutex
	stop context.CancelFunc
	done chan struct{}
}

func (i *smallInit) hangUp() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, err := os.Stat(filepath.Join(i.dir, "agent"))
	switch {
	case err == nil && i.stop == nil:
		ctx, stop := context.WithCancel(context.Background())
		i.stop, i.done = stop, make(chan struct{})
		go func(done chan struct{}) {
			defer close(done)
			for ctx.Err() == nil {
				cmd := exec.CommandContext(ctx, filepath.Join(i.dir, "agent"))
				cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
				cmd.Run()
				time.Sleep(10 * time.Millisecond)
			}
		}(i.done)
	case err != nil && i.stop != nil:
		i.stop()
		i.stop = nil
	}
	return nil
}

func TestStartAndStopByTheNodesInit(t *testing.T) {
	t.Parallel()
	n := newNode(t, nowhere)
	k := n.keeping()
	require.NoError(t, os.Mkdir(k.ServicesDir, 0o755))
	init := &smallInit{t: t, dir: k.ServicesDir}
	k.HangUp = init.hangUp
	t.Cleanup(func() {
		require.NoError(t, k.Stop(context.Background(), patience))
		<-init.done
	})
	_, err := k.Start(t.Context(), patience)
	require.NoError(t, err)
	st, err := os.Stat(filepath.Join(k.ServicesDir, "agent"))
	require.NoError(t, err)
	require.NotZero(t, st.Mode()&0o111)
	first := n.agentPid()
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.True(t, poll(func() bool { pid := n.agentPid(); return pid != 0 && pid != first }))
	n.answers()
	n.config.Role = "other"
	n.settings()
	again := n.agentPid()
	_, err = k.Start(t.Context(), patience)
	require.NoError(t, err)
	require.NotEqual(t, again, n.agentPid())
	require.NoError(t, k.Stop(t.Context(), patience))
	require.Zero(t, n.agentPid())
	require.NoFileExists(t, filepath.Join(k.ServicesDir, "agent"))
}

func TestStartAndStopBySystemd(t *testing.T) {
	t.Parallel()
	n := newNode(t, nowhere)
	k := n.keeping()
	k.Init = "systemd"
	var calls []string
	k.Systemctl = func(_ context.Context, args ...string) error {
		calls = append(calls, strings.Join(args, " "))
		switch args[0] {
		case "enable":
			if n.agent == nil {
				n.start()
			}
		case "restart":
			n.kill(syscall.SIGTERM)
			n.start()
		case "disable":
			n.kill(syscall.SIGTERM)
		}
		return nil
	}
	_, err := k.Start(t.Context(), patience)
	require.NoError(t, err)
	require.Equal(t, []string{"daemon-reload", "enable --now drover-agent.service"}, calls)
	unit := content(t, k.UnitFile)
	require.Contains(t, unit, "ExecStart="+n.bin+" run --socket "+n.path("sock"))
	require.Contains(t, unit, "KillMode=process\n")
	calls = nil
	_, err = k.Start(t.Context(), patience)
	require.NoError(t, err)
	require.Equal(t, []string{"enable --now drover-agent.service"}, calls)
	calls, n.config.Role = nil, "other"
	n.settings()
	_, err = k.Start(t.Context(), patience)
	require.NoError(t, err)
	require.Equal(t, []string{"enable --now drover-agent.service", "restart drover-agent.service"}, calls)
	calls = nil
	require.NoError(t, k.Stop(t.Context(), patience))
	require.Equal(t, []string{"disable --now drover-agent.service", "daemon-reload"}, calls)
	require.NoFileExists(t, k.UnitFile)
}
