package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"drover/agent/confd"
	"drover/fault"
)

// folder is a configuration with one resource a.toml writing /etc/a.conf.
func folder(t *testing.T, template string, fields ...string) string {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"conf.d/a.toml":    "[template]\nsrc='a.tmpl'\ndest='/etc/a.conf'\nkeys=['/']\n" + strings.Join(fields, "\n"),
		"templates/a.tmpl": template,
		"keys.json":        `{"/host/ip": "10.0.0.2", "env": {"port": 80}}`,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	root := &cobra.Command{Use: "drover-agent", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(Commands()...)
	var out, errs bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func TestRenderIntoARoot(t *testing.T) {
	t.Parallel()
	dir, root := folder(t, `{{getv "/host/ip"}}:{{getv "/env/port"}}`, `reload_cmd = "touch $PWD/never"`), t.TempDir()
	out, errs, err := run(t, "", "render", "--once", "--confdir", dir, "--kv", dir+"/keys.json", "--root", root, "--no-commands")
	require.NoError(t, err)
	require.Empty(t, errs)
	require.Equal(t, "1 resource, 1 file changed\n", out)
	text, err := os.ReadFile(root + "/etc/a.conf")
	require.NoError(t, err)
	require.Equal(t, "10.0.0.2:80", string(text))
}

func TestRenderRunsCommands(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := folder(t, `x`, `check_cmd = "test -s {{.src}}"`, `reload_cmd = "echo ran >> `+root+`/log"`)
	for range 2 {
		_, _, err := run(t, "{}", "render", "--confdir", dir, "--kv", "-", "--root", root)
		require.NoError(t, err)
	}
	text, err := os.ReadFile(root + "/log")
	require.NoError(t, err)
	require.Equal(t, "ran\n", string(text), "once: the second time nothing changed")
}

func TestRenderNamesWhatFailed(t *testing.T) {
	t.Parallel()
	dir := folder(t, "one\ntwo\n{{getv \"/nope\"}}")
	_, errs, err := run(t, "{}", "render", "--once", "--confdir", dir, "--kv", "-", "--root", t.TempDir())
	require.True(t, fault.Is(err, fault.ConfigFailed), "%v", err)
	for _, part := range []string{"conf.d/a.toml", "a.tmpl:3", "/nope"} {
		require.Contains(t, errs, part)
	}
	dir = folder(t, "x", `check_cmd = "echo because; false"`)
	_, errs, err = run(t, "{}", "render", "--once", "--confdir", dir, "--kv", "-", "--root", t.TempDir())
	require.Error(t, err)
	require.Contains(t, errs, "\n    because\n")
}

func TestRenderNoop(t *testing.T) {
	t.Parallel()
	dir, root := folder(t, "x\n", `reload_cmd = "false"`), t.TempDir()
	out, errs, err := run(t, "{}", "render", "--once", "--noop", "--confdir", dir, "--kv", "-", "--root", root)
	require.NoError(t, err)
	require.Empty(t, errs)
	require.Equal(t, "--- /dev/null\n+++ "+root+"/etc/a.conf\n@@ -0,0 +1,1 @@\n+x\n# would run: false\n", out)
	require.NoDirExists(t, root+"/etc")
}

func TestRenderRefusesBadInput(t *testing.T) {
	t.Parallel()
	dir := folder(t, "x")
	for _, args := range [][]string{
		{"--confdir", dir},
		{"--confdir", dir + "/none", "--kv", "-"},
		{"--confdir", dir, "--kv", dir + "/none"},
		{"--confdir", dir, "--kv", "-"},
		{"--confdir", dir, "--kv", dir + "/keys.json", "--once=false"},
		{"--confdir", dir, "--kv", dir + "/keys.json", "extra"},
	} {
		_, _, err := run(t, "not json", append([]string{"render"}, args...)...)
		require.Error(t, err, "%v", args)
	}
}

func TestCheckConfigCommand(t *testing.T) {
	t.Parallel()
	out, _, err := run(t, "", "check-config", "--confdir", folder(t, "fine"))
	require.NoError(t, err)
	require.Empty(t, out)
	dir := folder(t, "\n{{nosuch}}", "mode = '644'")
	out, _, err = run(t, "", "check-config", "--confdir", dir)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Contains(t, err.Error(), "1 error in "+dir)
	require.Contains(t, out, "templates/a.tmpl:2: error: ")
	require.Contains(t, out, "conf.d/a.toml: warning: ")
	out, _, err = run(t, "", "check-config", "--confdir", dir, "-o", "json")
	require.Error(t, err)
	var problems []confd.Problem
	require.NoError(t, json.Unmarshal([]byte(out), &problems))
	require.Len(t, problems, 2)
	_, _, err = run(t, "", "check-config", "--confdir", dir, "-o", "yaml")
	require.Error(t, err)
	_, _, err = run(t, "", "check-config", "--confdir", t.TempDir())
	require.True(t, fault.Is(err, fault.NotFound))
}
