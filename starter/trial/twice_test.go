package trial

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
	"drover/workflows/api"
)

func run(t *testing.T, cmd string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	c := exec.CommandContext(t.Context(), "/bin/sh", "-c", cmd)
	c.Stdout, c.Stderr = &out, &errs
	_ = c.Run()
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// What is run twice is what would run once: arguments, standard output, exit code of the first run.
func TestCommandsRunTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		cmd, args, stdout string
		code              int
		again             string
	}{
		"idempotent":     {"mkdir -p " + dir + "/a; echo done", "", "done\n", 0, ""},
		"not idempotent": {"mkdir " + dir + "/b", "", "", 0, "1"},
		"fails":          {"exit 7", "", "", 7, ""},
		"an argument":    {"printf '%s|'", ` "x y"`, "x y|", 0, ""},
		"exits":          {"[ ! -e " + dir + "/c ] || exit 9; touch " + dir + "/c; echo once", "", "", 0, "9"},
		"of two lines":   {"echo one\necho two", "", "one\ntwo\n", 0, ""},
	} {
		stdout, stderr, code := run(t, again(tt.cmd)+tt.args)
		require.Equal(t, tt.code, code, name)
		require.Equal(t, tt.stdout, stdout, name)
		found := failedAgain("create", []api.CommandLog{{Service: "init", Node: "a/1", Output: stdout + stderr}})
		require.Equal(t, tt.again != "", len(found) == 1, "%s: %s", name, stderr)
		if tt.again != "" {
			require.Contains(t, stderr, markBegin+tt.again+markEnd)
		}
	}
}

const template = `{{#cluster.x}}{{/cluster.x}}{"name": {{cluster.name}}, "nodes": [{"role": "a", "count": 1, "cpu": 1, "memory": 64,
	"container": {"type": "local", "image": "i"}, "services": {
	"init": {"cmd": "echo \"{\"; init"}, "start": {"cmd" : {{env.start}}}}}],
	"monitor": {"enable": true, "cmd": "measure"}}`

func TestTemplatesAreChanged(t *testing.T) {
	t.Parallel()
	spec := &specs.Cluster{Roles: []specs.Role{{Name: "a", Services: map[string]specs.Service{
		"init": {Cmd: `echo "{"; init`}, "start": {Cmd: "go"}, "stop": {},
	}}}}
	text, left := twice(template, spec)
	require.Equal(t, []string{"a start"}, left)
	require.Contains(t, text, `"monitor": {"enable": true, "cmd": "measure"}`)
	require.Contains(t, text, `"cmd": "drover_once() {\necho \"{\"; init`)
	require.Equal(t, strings.Count(template, "{{"), strings.Count(text, "{{"))

	require.Equal(t, `"interval_sec" : 2, "healthy_threshold": 1, "unhealthy_threshold": 3`,
		quicker(`"interval_sec" : 30, "healthy_threshold": 2, "unhealthy_threshold": 3`))
	require.Contains(t, upgradable(template, "1"), `{{/cluster.x}}{"upgrade_policy": ["1"],"name"`)
	require.Equal(t, `{"upgrade_policy": ["1"]}`, upgradable(`{"upgrade_policy": ["3.4", "3.5"]}`, "1"))
}
