package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"
	"drover/agent/client"
	"drover/agent/keep"

	"github.com/stretchr/testify/require"
)

// root is a folder that stands for a node's file system; the test binary itself, copied or linked into it under the
// name drover-agent, stands for the agent: a real Go binary with start and a socket.
type root string

func (r root) paths() paths {
	return paths{
		binary: string(r) + "/bin/drover-agent", config: string(r) + "/etc/agent.json", socket: string(r) + "/agent.sock",
	}
}

func (r root) pidFile() string { return string(r) + "/pid" }

// log has one word per start of the agent.
func (r root) log(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(string(r) + "/log")
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(b))
}

func newRoot(t testing.TB) root {
	t.Helper()
	dir, err := os.MkdirTemp("", "node")
	require.NoError(t, err)
	r := root(dir)
	t.Cleanup(func() {
		stopStandIn(r)
		_ = os.RemoveAll(dir)
	})
	return r
}

// standInAgent is main for a process named drover-agent. Its start keeps the contract of the real one (agent/cli) with
// settings that it can hold, without an init and without looking after itself.
func standInAgent(args []string) int {
	self := os.Args[0]
	r := root(filepath.Dir(filepath.Dir(self)))
	if args[0] == "serve" {
		return serveStandIn(r)
	}
	complain := func(code int, text string) int {
		_, _ = io.WriteString(os.Stderr, text+"\n")
		return code
	}
	flags := map[string]string{}
	for i := 2; i+1 < len(args); i += 2 {
		flags[args[i]] = args[i+1]
	}
	if args[0] != "start" || args[1] != "--stdin" || flags["--config"] != r.paths().config {
		return complain(api.SetupFailed, fmt.Sprint("unexpected arguments: ", args))
	}
	same, err := keep.IsProgram(self, flags["--program"])
	if err != nil {
		return complain(api.SetupFailed, err.Error())
	}
	if !same {
		return api.SetupOtherProgram
	}
	if _, err := os.Stat(string(r) + "/broken"); err == nil {
		return complain(api.SetupFailed, "cannot start")
	}
	settings, err := io.ReadAll(os.Stdin)
	old, _ := os.ReadFile(r.paths().config)
	if err != nil || os.MkdirAll(filepath.Dir(r.paths().config), 0o755) != nil || os.WriteFile(r.paths().config, settings, 0o600) != nil {
		return complain(api.SetupFailed, "cannot write the settings")
	}
	var want api.Config
	if json.Unmarshal(settings, &want) != nil {
		return complain(api.SetupFailed, "bad settings")
	}
	st, err := client.Unix(flags["--socket"]).Status(context.Background())
	switch {
	case err == nil && flags["--socket"] != r.paths().socket:
		return complain(api.SetupForeign, "the agent of "+st.ClusterID+" answers")
	case err == nil && string(old) == string(settings):
		return api.SetupDone
	}
	stopStandIn(r)
	cmd := exec.Command(self, "serve")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Start() != nil || os.WriteFile(r.pidFile(), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600) != nil {
		return complain(api.SetupFailed, "cannot start a process")
	}
	if f, err := os.OpenFile(string(r)+"/log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		_, _ = fmt.Fprint(f, "start ")
		_ = f.Close()
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if st, err := client.Unix(flags["--socket"]).Status(context.Background()); err == nil && st.InstanceID == want.InstanceID {
			return api.SetupDone
		}
	}
	return complain(api.SetupFailed, "no answer")
}

func stopStandIn(r root) {
	b, err := os.ReadFile(r.pidFile())
	pid, _ := strconv.Atoi(string(b))
	if err != nil || pid <= 0 {
		return
	}
	_ = os.Remove(r.pidFile())
	for syscall.Kill(pid, syscall.SIGKILL) == nil {
		if st, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(st), ") Z ") {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func serveStandIn(r root) int {
	var c api.Config
	data, err := os.ReadFile(r.paths().config)
	if err != nil || json.Unmarshal(data, &c) != nil {
		return 1
	}
	_ = os.Remove(r.paths().socket)
	ln, err := net.Listen("unix", r.paths().socket)
	if err != nil {
		return 1
	}
	time.AfterFunc(10*time.Minute, func() { os.Exit(0) }) // never outlive a killed test for long
	_ = http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Status{ClusterID: c.ClusterID, NodeID: c.NodeID, InstanceID: c.InstanceID})
	}))
	return 0
}
