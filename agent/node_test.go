package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"
	"drover/agent/client"

	"github.com/stretchr/testify/require"
)

// patience guards against hanging; it measures nothing.
const patience = time.Minute

var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "drover-agent-test")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// binary is drover-agent as it ships: static, version stamped.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "drover-agent")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-s -w -X main.version=v9.9.9", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// node is a machine in a folder: one agent process and its files.
type node struct {
	t      *testing.T
	dir    string
	bin    string
	config api.Config
	client *client.Client
	agent  *exec.Cmd
}

func newNode(t *testing.T, consul string) *node {
	t.Helper()
	bin, err := binary()
	require.NoError(t, err)
	// Not t.TempDir: its names make socket paths longer than the kernel takes.
	dir, err := os.MkdirTemp("", "agent")
	require.NoError(t, err)
	n := &node{t: t, dir: dir, bin: bin, client: client.Unix(filepath.Join(dir, "sock")), config: api.Config{
		ClusterID: "cl-aaaaaaaa", NodeID: "cln-aaaaaaaa", InstanceID: "i-00000000", Role: "etcd_node", Consul: consul,
	}}
	t.Cleanup(func() {
		n.kill(syscall.SIGTERM)
		require.NoError(t, os.RemoveAll(dir))
	})
	for _, d := range []string{"confd/conf.d", "confd/templates"} {
		require.NoError(t, os.MkdirAll(n.path(d), 0o755))
	}
	n.settings()
	return n
}

func (n *node) path(name string) string { return filepath.Join(n.dir, name) }

func (n *node) settings() {
	data, err := json.Marshal(n.config)
	require.NoError(n.t, err)
	require.NoError(n.t, os.WriteFile(n.path("agent.json"), data, 0o600))
}

func (n *node) flags() []string {
	return []string{"--journal", n.path("journal"), "--state", n.path("state"), "--confdir", n.path("confd")}
}

// start runs the agent until it answers.
func (n *node) start() {
	n.t.Helper()
	log, err := os.OpenFile(n.path("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(n.t, err)
	defer log.Close()
	args := append([]string{"run", "--socket", n.path("sock"), "--config", n.path("agent.json")}, n.flags()...)
	n.agent = exec.Command(n.bin, args...)
	n.agent.Stdout, n.agent.Stderr = log, log
	require.NoError(n.t, n.agent.Start())
	n.answers()
}

func (n *node) answers() api.Status {
	n.t.Helper()
	var st api.Status
	ok := func() bool {
		var err error
		st, err = n.client.Status(context.Background())
		return err == nil
	}
	if !poll(ok) {
		text, _ := os.ReadFile(n.path("log"))
		require.Fail(n.t, "the agent does not answer", "%s", text)
	}
	return st
}

func poll(ok func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

func (n *node) kill(sig syscall.Signal) {
	if n.agent != nil && n.agent.Process != nil {
		n.agent.Process.Signal(sig)
		n.agent.Wait()
		n.agent = nil
	}
}

// resource adds a template with a reload command that counts how often it ran.
func (n *node) resource(name, template string) (dest, reloads string) {
	n.t.Helper()
	dest, reloads = n.path(name+".out"), n.path(name+".reloads")
	toml := fmt.Sprintf("[template]\nsrc = %q\ndest = %q\nkeys = [\"/\"]\nreload_cmd = \"echo reload >> %s\"\n", name+".tmpl", dest, reloads)
	require.NoError(n.t, os.WriteFile(n.path("confd/templates/"+name+".tmpl"), []byte(template), 0o644))
	require.NoError(n.t, os.WriteFile(n.path("confd/conf.d/"+name+".toml"), []byte(toml), 0o644))
	return dest, reloads
}

func (n *node) sync(revision int64) api.SyncResult {
	n.t.Helper()
	res, err := n.client.Sync(context.Background(), api.SyncRequest{Revision: revision, TimeoutSec: 60})
	text, _ := os.ReadFile(n.path("log"))
	require.NoError(n.t, err, "%s", text)
	return res
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// cli runs a subcommand against the node's agent.
func (n *node) cli(args ...string) (stdout, stderr string, code int) {
	n.t.Helper()
	cmd := exec.Command(n.bin, append([]string{"--socket", n.path("sock")}, args...)...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, ended := err.(*exec.ExitError); !ended {
		require.NoError(n.t, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// procStatus reads one field of /proc/PID/status in kB.
func procStatus(t *testing.T, pid int, name string) int {
	t.Helper()
	for _, line := range strings.Split(content(t, fmt.Sprintf("/proc/%d/status", pid)), "\n") {
		var kb int
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			_, err := fmt.Sscan(rest, &kb)
			require.NoError(t, err)
			return kb
		}
	}
	require.Fail(t, "no field", name)
	return 0
}
