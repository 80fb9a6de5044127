package console

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/tests/apps"
	"drover/tests/apps/builder"
	"drover/tests/stack"
)

// A cluster's life by the browser alone: the package is published by upload, the first creation is held until the journey
// repairs the nodes' volumes.
func TestLife(t *testing.T) {
	chromium := browser(t)
	images := filepath.Join(stack.TestDir(), "images")
	require.NoError(t, os.MkdirAll(filepath.Join(images, "bare", "opt", "app"), 0o755))
	s, err := stack.ForTests(t.Context(), "stack", stack.Options{Images: images, Bin: os.Getenv("DROVER_E2E_BIN")})
	require.NoError(t, err)
	if _, err := s.Machines(); err != nil {
		t.Skipf("nodes of provider local cannot run here: %v", err)
	}
	require.NoError(t, s.StartWorker(t.Context()))

	app := "pages-" + activities.RandomID()
	upload := filepath.Join(t.TempDir(), app+".tar.gz")
	packed, err := exec.Command("tar", "-czf", upload, "-C", pack(t), ".").CombinedOutput()
	require.NoError(t, err, "%s", packed)

	journey(t, "e2e/life.journey.ts", chromium,
		"DROVER_E2E_LINK="+serve(t, s), "DROVER_E2E_APP="+app, "DROVER_E2E_PACKAGE="+upload,
		"DROVER_E2E_VOLUMES="+filepath.Join(s.StateDir, "volumes"))
}

// pack writes a package whose init fails until its volume is repaired.
func pack(t *testing.T) string {
	t.Helper()
	role := builder.NewRole("a", "<cluster.count>").Boots("local", "bare").Shell(map[string]string{
		"init":  "[ -f /data/repaired ] || { echo the disk is not ready >&2; exit 1; }",
		"start": "true", "stop": "true",
	})
	dir := filepath.Join(t.TempDir(), "package")
	require.NoError(t, builder.New("<cluster.name>", role).Scalable().Set("env", builder.Object{"quota": "<env.quota>"}).
		Items("cluster", builder.Item("name", "string", "pages", "label=Name"), builder.Item("count", "integer", 2, "label=Nodes", "min=1", "max=5")).
		Items("env", builder.Item("quota", "integer", 40, "label=Quota", "min=1", "max=100")).
		Write(dir))
	return dir
}

// serve starts drover-console on a stack and returns its one-time link.
func serve(t *testing.T, s *stack.Stack) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	var log bytes.Buffer
	cmd := exec.Command(s.Binary("drover-console"), "--listen", address, "--state-dir", filepath.Join(dir, "state"), "--link-file", link)
	cmd.Env = append(os.Environ(), s.Env()...)
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // it was told to end
		if t.Failed() {
			t.Logf("drover-console: %s", log.String())
		}
	})
	var text []byte
	apps.Eventually(t, "drover-console listens", func() bool {
		text, err = os.ReadFile(link)
		if err != nil || len(text) == 0 {
			return false
		}
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return strings.TrimSpace(string(text))
}
