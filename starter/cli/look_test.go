package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/starter/output"
	"drover/workflows/api"
)

func TestListAndNodes(t *testing.T) {
	t.Parallel()
	c := drover(t, "list")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Regexp(t, `(?m)^CLUSTER +NAME +APP +VERSION +STATE +NODES +HEALTH +OPERATION +AGE$`, c.stdout.String())
	require.Regexp(t, `(?m)^cl-aaaaaaaa +demo +etcd +3\.5\.0 +active +1`, c.stdout.String())
	require.Len(t, decoded[clusterList](t, drover(t, "list", "-o", "json").stdout.String()).Items, 2)

	require.Regexp(t, `(?m)^cln-00000001 +etcd_node +1 +10\.0\.0\.1`, drover(t, "nodes", "cl-aaaaaaaa").stdout.String())
	require.Len(t, decoded[List[api.NodeView]](t, drover(t, "nodes", "cl-aaaaaaaa", "-o", "json").stdout.String()).Items, 1)
	require.Contains(t, drover(t, "nodes", "cl-aaaaaaaa", "-o", "table").stdout.String(), "│ cln-00000001 │")
}

func TestStatusOfAClusterWithoutKnownOperation(t *testing.T) {
	t.Parallel()
	c := drover(t, "status", "cl-aaaaaaaa", "-o", "json")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	v := decoded[statusValue](t, c.stdout.String())
	require.Equal(t, "demo", v.Cluster.Name)
	require.Nil(t, v.Operation)
}

func TestWhatDoesNotExistIsExitCode3(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"status", missing}, {"nodes", missing}, {"watch", missing}, {"cancel", missing}} {
		c := drover(t, args...)
		require.Equal(t, exitRefused, c.code, "%v: %s", args, c.stderr.String())
		require.Empty(t, c.stdout.String())
	}
	c := drover(t, "ops", missing)
	require.Equal(t, exitOK, c.code)
	require.Equal(t, "No operations found.\n", c.stdout.String())
	require.Equal(t, "{\n  \"items\": []\n}\n", drover(t, "ops", missing, "-o", "json").stdout.String())
}

func TestDeleteAsksOnATerminalOnly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer   string
		terminal bool
		args     []string
		code     int
		asked    bool
	}{
		"yes":       {"y\n", true, nil, exitOK, true},
		"no":        {"n\n", true, nil, exitRefused, true},
		"nothing":   {"", true, nil, exitRefused, true},
		"answered":  {"", true, []string{"--yes"}, exitOK, false},
		"planned":   {"", true, []string{"--dry-run"}, exitOK, false},
		"a script":  {"", false, []string{"--yes"}, exitOK, false},
		"by chance": {"", false, nil, exitUsage, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "cl-del" + (strings.ReplaceAll(name, " ", "") + "00000")[:5]
			c := prepare(server(t), append([]string{"delete", id}, tt.args...)...)
			c.Stdin = strings.NewReader(tt.answer)
			c.Terminal = func(any) (int, int, bool) { return 80, 24, tt.terminal }
			c.run(t.Context())
			require.Equal(t, tt.code, c.code, c.stderr.String())
			require.Equal(t, tt.asked, strings.Contains(c.stderr.String(), "Delete cluster "+id+" with all its machines and data? [y/N] "))
			if tt.code == exitOK {
				require.Regexp(t, `orphans +local volume vol-1: busy`, c.stdout.String())
				require.Regexp(t, `state +gone`, c.stdout.String())
			}
		})
	}
}

func TestWithoutAWorkerNothingHangs(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"list"}, {"create", "etcd"}, {"apps", "list"}, {"delete", "cl-aaaaaaaa", "--yes"}, {"status", "cl-aaaaaaaa"}} {
		c := drover(t, append(args, "--namespace", "empty", "-o", "json")...)
		require.Equal(t, exitUnreachable, c.code, "%v", args)
		p := decoded[output.Problem](t, c.stderr.String())
		require.Contains(t, p.Error.Message, "no worker is polling task queue drover")
		require.Contains(t, p.Error.Hint, "start drover-worker")
	}
}

func TestAnUnknownNamespaceIsSaid(t *testing.T) {
	t.Parallel()
	c := drover(t, "list", "--namespace", "nowhere")
	require.Equal(t, exitUnreachable, c.code)
	require.Contains(t, c.stderr.String(), "--namespace")
}

func TestApps(t *testing.T) {
	t.Parallel()
	c := drover(t, "apps", "list")
	require.Regexp(t, `(?m)^etcd +3\.6\.0 +etcd_node`, c.stdout.String())
	require.Len(t, decoded[List[api.AppView]](t, drover(t, "apps", "list", "-o", "json").stdout.String()).Items, 2)

	c = drover(t, "apps", "publish", "testdata/counter", "--app", "counter", "--version", "1.0", "-o", "json")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Equal(t, "counter", decoded[api.AppView](t, c.stdout.String()).App)
}

func TestCompletionKnowsWhatExists(t *testing.T) {
	t.Parallel()
	require.Contains(t, drover(t, "__complete", "status", "").stdout.String(), "cl-aaaaaaaa\tetcd demo, active\n")
	require.Regexp(t, `(?m)^etcd$`, drover(t, "__complete", "create", "").stdout.String())
	require.Regexp(t, `(?m)^3\.6\.0$`, drover(t, "__complete", "create", "etcd", "--version", "").stdout.String())
	require.NotContains(t, drover(t, "__complete", "create", "other", "--version", "").stdout.String(), "3.6.0")
}
