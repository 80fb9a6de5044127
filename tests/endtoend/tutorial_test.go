package endtoend

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/tests/stack/tree"
)

// TestTutorial runs the tutorial's commands, all in one shell, as its reader does after `make dev`.
func TestTutorial(t *testing.T) {
	t.Parallel()
	root, err := tree.Root()
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs/packages/tutorial.md"))
	require.NoError(t, err)
	script := "set -e\n" + strings.Join(fenced(string(page), "sh"), "\n")

	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".build"), 0o755))
	require.NoError(t, os.Symlink(servers.Images, filepath.Join(dir, ".build", "images")))
	out, err := inShell(t, dir, script)
	require.NoError(t, err, "%s", out)
	for _, want := range []string{
		"welcome", "hello: passed", "hello: FAILED", "not idempotent: init on hello_node/1, run again in step create, ended with exit code 1",
		"UE1  /opt/app/greeting on hello_node 1-2", "hello from cln-", "welcome from cln-", "beats of 1.1.0; members: ",
	} {
		require.Contains(t, out, want)
	}
	require.Equal(t, 2, strings.Count(out, "Removing nodes and servers"))
}

// inShell runs a script that finds drover and the servers, as .dev/env has it.
func inShell(t *testing.T, dir, script string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	path := servers.Bin + ":" + os.Getenv("PATH")
	for _, name := range []string{"temporal", "consul"} {
		tool, err := servers.Tool(t.Context(), name)
		require.NoError(t, err)
		path += ":" + filepath.Dir(tool)
	}
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), servers.Env()...), "PATH="+path)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// fenced are the fenced blocks of a page in one language.
func fenced(page, language string) []string {
	var blocks []string
	for _, part := range strings.Split(page, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// What a test of a package reports to programs: checks that fail, operations that are not allowed.
func TestPackageTestReports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	service := apps.Scripted{Type: "local", Image: "bare", Volume: "/data", Count: 1, Services: map[string]string{
		"init": "mkdir /data/once", "start": "true", "stop": "true", "show": "echo shown",
	}}.Write(t)
	require.NoError(t, os.Rename(service, filepath.Join(dir, "package")))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "images", "bare", "opt"), 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "test"), 0o755))
	for name, text := range map[string]string{
		"every": `drover nodes "$TEST_CLUSTER" >/dev/null 2>&1 && echo "$TEST_STEP at $TEST_ADDRESSES"; true`,
		"stop":  `echo "it does not stop"; exit 3`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "test", name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	out, err := inShell(t, dir, "drover package test . --run show -o json 2>errors; code=$?; cat errors >&2; exit $code")
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), out)
	var report struct {
		Items []struct {
			Name, State, Why string
			Checks           []struct{ Output string }
		}
		Passed bool
		Again  []struct {
			Service, Node, Output string
			ExitCode              int `json:"exit_code"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report), out)
	states := map[string]string{}
	for _, s := range report.Items {
		states[s.Name] = s.State + " " + s.Why
	}
	require.Equal(t, "passed ", states["create"])
	require.Equal(t, "passed ", states["delete-nodes"])
	require.Equal(t, "skipped config.json allows no larger size", states["scale"])
	require.Equal(t, "passed ", states["run"])
	require.Contains(t, states["stop"], "test/stop ended with exit code 3")
	require.NotContains(t, states, "start", "the step that failed is the last one")
	require.Regexp(t, `^create at 127\.10\d\.`, report.Items[0].Checks[0].Output)
	require.Len(t, report.Again, 2, "of the first node, and of the added one")
	require.Equal(t, "init", report.Again[0].Service)
	require.Contains(t, report.Again[0].Output, "File exists")
	require.False(t, report.Passed)
}
