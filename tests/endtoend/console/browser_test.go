package console

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }

var shared = sync.OnceValues(func() (*stack.Stack, error) {
	images := filepath.Join(stack.TestDir(), "images")
	if err := os.MkdirAll(filepath.Join(images, "bare", "opt", "app"), 0o755); err != nil {
		return nil, err
	}
	s, err := stack.ForTests(context.Background(), "stack", stack.Options{Images: images, Bin: os.Getenv("DROVER_E2E_BIN")})
	if err != nil {
		return nil, err
	}
	return s, s.StartWorker(context.Background())
})

// servers are one stack with a worker for all tests.
func servers(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := shared()
	require.NoError(t, err)
	if _, err := s.Machines(); err != nil {
		t.Skipf("nodes of provider local cannot run here: %v", err)
	}
	return s
}

// web is where the journeys are.
var web = filepath.Join("..", "..", "..", "console", "web")

// browser finds Chromium, or skips the test.
func browser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("drives a browser: not with -short")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node is not installed")
	}
	if _, err := os.Stat(filepath.Join(web, "node_modules", "playwright-core")); err != nil {
		t.Skip("Node's modules are not installed: make console-tools does it")
	}
	for _, name := range []string{"chromium", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("Chromium is not installed")
	return ""
}

// journey runs the journeys of a file.
func journey(t *testing.T, file, chromium string, env ...string) {
	t.Helper()
	shots := os.Getenv("DROVER_E2E_SHOTS")
	if shots == "" {
		var err error
		shots, err = filepath.Abs(filepath.Join("..", "..", "..", ".build", "screenshots"))
		require.NoError(t, err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("node_modules", "vitest", "vitest.mjs"),
		"run", "--config", "vitest.e2e.config.ts", file)
	cmd.Dir = web
	cmd.Env = append(os.Environ(), "DROVER_E2E_CHROMIUM="+chromium, "DROVER_E2E_SHOTS="+shots, "NO_COLOR=1")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err, "screenshots are in %s", shots)
}
