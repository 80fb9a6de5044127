package cli

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drover/workflows/api"
)

func TestVerbsAskForTheirOperation(t *testing.T) {
	t.Parallel()
	const id = known
	for _, tt := range []struct {
		args             string
		operation, input string
		summary          string
	}{
		{"create etcd", api.CreateCluster, `{"app":"etcd","on_failure":"undo"}`, "create etcd cl-new00001"},
		{
			"create etcd --version 3 --name n --provider p --zone z --user-id u --set a.b=1 --on-failure keep --strict-config --barrier-timeout 90s",
			api.CreateCluster,
			`{"app":"etcd","version":"3","name":"n","provider":"p","zone":"z","user_id":"u","values":{"a.b":"1"},"on_failure":"keep","strict_config":true,"barrier_timeout":"1m30s"}`,
			"create etcd cl-new00001",
		},
		{"delete --yes " + id, api.DeleteCluster, `{}`, "delete " + id},
		{"rm " + id + " --force --yes", api.DeleteCluster, `{"force":true}`, "delete " + id},
		{"delete " + id + " --keep 2h --yes", api.DeleteCluster, `{"keep":"2h"}`, "delete " + id},
		{"recover " + id + " --strict-config", api.RecoverCluster, `{"strict_config":true}`, "recover " + id},
		{"cease " + id + " --yes", api.CeaseCluster, `{}`, "cease " + id},
		{"add-nodes " + id + " --role r", api.AddNodes, `{"role":"r","count":1}`, "add 1 r to " + id},
		{
			"add-nodes " + id + " --role r --count 2 --strict-config --barrier-timeout 5m", api.AddNodes,
			`{"role":"r","count":2,"strict_config":true,"barrier_timeout":"5m0s"}`, "add 2 r to " + id,
		},
		{"delete-nodes -y " + id + " cln-00000001", api.DeleteNodes, `{"nodes":["cln-00000001"]}`, "delete cln-00000001 of " + id},
		{
			"delete-nodes " + id + " cln-00000001 cln-00000002 --force -y --barrier-timeout 1m", api.DeleteNodes,
			`{"nodes":["cln-00000001","cln-00000002"],"force":true,"barrier_timeout":"1m0s"}`, "delete cln-00000001, cln-00000002 of " + id,
		},
		{"scale " + id + " --role r --cpu 2", api.ScaleVertical, `{"role":"r","cpu":2}`, "scale r of " + id + " to 2 cores"},
		{
			"scale " + id + " --role r --memory 4096 --volume-size 20 --strict-config", api.ScaleVertical,
			`{"role":"r","memory":4096,"volume_size":20,"strict_config":true}`, "scale r of " + id + " to 4096 MiB memory, 20 GiB volume",
		},
		{"upgrade " + id + " --to 3.6.0", api.UpgradeCluster, `{"version":"3.6.0","on_failure":"stop"}`, "upgrade " + id + " to 3.6.0"},
		{
			"upgrade " + id + " --to 3.6.0 --on-failure rollback --strict-config", api.UpgradeCluster,
			`{"version":"3.6.0","on_failure":"rollback","strict_config":true}`, "upgrade " + id + " to 3.6.0",
		},
		{
			"upgrade " + id + " --to 4 --set env.license=x", api.UpgradeCluster,
			`{"version":"4","on_failure":"stop","values":{"env.license":"x"}}`, "upgrade " + id + " to 4",
		},
		{"downgrade " + id + " --barrier-timeout 1m", api.DowngradeCluster, `{"barrier_timeout":"1m0s"}`, "downgrade " + id},
		{"start " + id + " --strict-config", api.StartCluster, `{"strict_config":true}`, "start " + id},
		{"stop " + id, api.StopCluster, `{}`, "stop " + id},
		{"restart " + id, api.RestartCluster, `{}`, "restart " + id},
		{"restart " + id + " --role r", api.RestartCluster, `{"role":"r"}`, "restart " + id},
		{"restart " + id + " --role=", api.RestartCluster, `{"role":""}`, "restart " + id},
		{"repair " + id, api.RepairCluster, `{}`, "repair " + id},
		{
			"repair " + id + " --nodes cln-00000001,cln-00000002 --strict-config --on-failure hold", api.RepairCluster,
			`{"nodes":["cln-00000001","cln-00000002"],"strict_config":true,"on_failure":"hold"}`, "repair " + id,
		},
		{"run " + id + " backup", api.RunService, `{"service":"backup"}`, `run "backup" on ` + id},
		{
			"run " + id + " keep --role r --node cln-00000001 --node cln-00000002 --param node.ip=1.2.3.4 --param n=5 --param empty=", api.RunService,
			`{"service":"keep","role":"r","nodes":["cln-00000001","cln-00000002"],"params":{"node.ip":"1.2.3.4","n":"5","empty":""}}`, `run "keep" on ` + id + " cln-00000001 cln-00000002",
		},
		{"create etcd --on-failure hold", api.CreateCluster, `{"app":"etcd","on_failure":"hold"}`, "create etcd cl-new00001"},
		{"delete " + id + " --yes --on-failure hold", api.DeleteCluster, `{"on_failure":"hold"}`, "delete " + id},
		{"add-nodes " + id + " --role r --on-failure hold", api.AddNodes, `{"role":"r","count":1,"on_failure":"hold"}`, "add 1 r to " + id},
		{"delete-nodes " + id + " cln-00000001 --yes --on-failure hold", api.DeleteNodes, `{"nodes":["cln-00000001"],"on_failure":"hold"}`, "delete cln-00000001 of " + id},
		{"scale " + id + " --role r --cpu 2 --on-failure hold", api.ScaleVertical, `{"role":"r","cpu":2,"on_failure":"hold"}`, "scale r of " + id + " to 2 cores"},
		{"upgrade " + id + " --to 3 --on-failure hold", api.UpgradeCluster, `{"version":"3","on_failure":"hold"}`, "upgrade " + id + " to 3"},
		{"downgrade " + id + " --on-failure hold", api.DowngradeCluster, `{"on_failure":"hold"}`, "downgrade " + id},
		{"start " + id + " --on-failure hold", api.StartCluster, `{"on_failure":"hold"}`, "start " + id},
		{"stop " + id + " --on-failure undo", api.StopCluster, `{"on_failure":"undo"}`, "stop " + id},
		{"restart " + id + " --on-failure hold", api.RestartCluster, `{"on_failure":"hold"}`, "restart " + id},
		{"run " + id + " backup --on-failure hold", api.RunService, `{"service":"backup","on_failure":"hold"}`, `run "backup" on ` + id},
		{"env set " + id + " quota=4 --on-failure hold", api.UpdateEnv, `{"values":{"env.quota":"4"},"on_failure":"hold"}`, "change env.quota of " + id},
		{"env set " + id + " quota=4", api.UpdateEnv, `{"values":{"env.quota":"4"}}`, "change env.quota of " + id},
		{
			"env set " + id + " env.quota=4 cluster.name=a=b --strict-config", api.UpdateEnv,
			`{"values":{"env.quota":"4","env.cluster.name":"a=b"},"strict_config":true}`, "change env.cluster.name, env.quota of " + id,
		},
	} {
		for _, plan := range []bool{false, true} {
			args := strings.Fields(tt.args)
			name := tt.args
			if plan {
				args = slices.DeleteFunc(append([]string{"plan"}, args...), func(s string) bool { return s == "--yes" || s == "-y" })
				name = "plan " + name
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := &counter{}
				got := ask(t, c, "", args...)
				require.Equal(t, exitUnreachable, got.code, "refused by the counter: %s", got.stderr.String())
				require.Equal(t, tt.operation, c.operation)
				want := tt.input
				if plan {
					want = strings.Replace(strings.TrimSuffix(want, "}")+`,"dry_run":true}`, "{,", "{", 1)
				}
				require.JSONEq(t, want, c.input)
				require.Equal(t, tt.summary, strings.TrimPrefix(c.options.StaticSummary, "plan: "))
				cluster := id
				if tt.operation == api.CreateCluster {
					cluster = "cl-new00001"
				}
				if plan {
					require.True(t, strings.HasPrefix(c.options.ID, api.PlansOf(cluster)), c.options.ID)
					require.True(t, strings.HasPrefix(c.options.StaticSummary, "plan: "))
				} else {
					require.Equal(t, api.WorkflowID(cluster), c.options.ID)
				}
				require.Empty(t, c.reads, "nothing else was asked")
			})
		}
	}
}

func TestDryRunIsThePlan(t *testing.T) {
	t.Parallel()
	c := &counter{}
	ask(t, c, "", "stop", known, "--dry-run")
	require.JSONEq(t, `{"dry_run":true}`, c.input)
}

// Which role a request without one is about is decided when the operation begins, for every client.
func TestARoleThatIsLeftOutIsLeftToTheWorker(t *testing.T) {
	t.Parallel()
	for verb, want := range map[string]string{"add-nodes": `{"count":1}`, "scale --cpu 2": `{"cpu":2}`} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			c := &counter{answers: answering("two")}
			got := ask(t, c, "", append(strings.Fields(verb), known)...)
			require.Equal(t, exitUnreachable, got.code, got.stderr.String())
			require.Contains(t, c.input, want)
			require.Equal(t, []string{api.DescribeCluster}, c.reads, "no list of roles")
		})
	}
}

func TestValuesOfEnvSetComeFromFilesToo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		stdin string
		set   []string
		code  int
		want  string
	}{
		"by path":           {`{"quota": 4}`, nil, exitUnreachable, `{"values":{"env.quota":4}}`},
		"nested":            {`{"env": {"quota": 4}, "group": {"a.b": true}}`, nil, exitUnreachable, `{"values":{"env":{"quota":4},"env.group":{"a.b":true}}}`},
		"arguments win":     {`{"env": {"quota": 4}}`, []string{"quota=5"}, exitUnreachable, `{"values":{"env":{"quota":"5"}}}`},
		"arguments win too": {`{"group": {"a.b": true}}`, []string{"group.a.b=false"}, exitUnreachable, `{"values":{"env.group":{"a.b":"false"}}}`},
		"twice":             {`{"quota": 4, "env.quota": 5}`, nil, exitUsage, "sets env.quota twice"},
		"nothing":           {`{}`, nil, exitUsage, "values: required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counter{}
			got := ask(t, c, tt.stdin, append([]string{"env", "set", known, "--values", "-"}, tt.set...)...)
			require.Equal(t, tt.code, got.code, got.stderr.String())
			if tt.code == exitUsage {
				require.Contains(t, got.stderr.String(), tt.want)
				return
			}
			require.JSONEq(t, tt.want, c.input)
		})
	}
}

func TestParametersOfAServiceAreNeverRepeated(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"run", known, "reset", "--param", "pwd=hunter2"},
		{"run", known, "reset", "--params-file", "-"},
		{"run", known, "reset", "--param", "hunter2"},
		{"run", "nonsense", "reset", "--param", "pwd=hunter2", "--node", "x"},
		{"run", known, "--param", "pwd=hunter2"},
		{"run", known, "reset", "pwd=hunter2"},
		{"run", known, "reset", "--parm=pwd=hunter2"},
		{"plan", "run", known, "reset", "--param", "pwd=hunter2", "-o", "json"},
		{"env", "set", known, "pwd=hunter2"},
		{"env", "set", known, "=hunter2"},
	} {
		c := &counter{}
		got := ask(t, c, `{"pwd": "hunter2"}`, args...)
		require.NotEqual(t, exitOK, got.code)
		require.NotContains(t, got.stdout.String()+got.stderr.String(), "hunter2", "%v", args)
		require.NotContains(t, c.options.StaticSummary, "hunter2")
	}
}

func TestDeletingNodesAsksOnATerminalOnly(t *testing.T) {
	t.Parallel()
	c := &counter{}
	cmd := &call{}
	cmd.System = System{
		Args: []string{"delete-nodes", known, "cln-00000001", "cln-00000002"}, Stdin: strings.NewReader("n\n"), Stdout: &cmd.stdout, Stderr: &cmd.stderr,
		Terminal: func(any) (int, int, bool) { return 80, 24, true },
		Dial:     func(context.Context, client.Options, time.Duration) (client.Client, error) { return c, nil },
	}
	cmd.run(t.Context())
	require.Equal(t, exitRefused, cmd.code)
	require.Contains(t, cmd.stderr.String(), "Delete cln-00000001, cln-00000002 of cluster "+known+" with all data? [y/N] ")
	require.Empty(t, c.operation)
}

func TestEveryOperationHasAnExample(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		api.CreateCluster, api.DeleteCluster, api.AddNodes, api.DeleteNodes, api.ScaleVertical, api.UpgradeCluster, api.DowngradeCluster,
		api.StartCluster, api.StopCluster, api.RestartCluster, api.RunService, api.UpdateEnv, api.RepairCluster,
		api.BackupCluster, api.RestoreCluster, api.RestoreInPlace, api.VerifyBackup, api.DeleteBackup, api.ListBackups,
		api.DescribeCluster, api.ListClusters, api.PublishApp, api.ListApps, api.ListOrphans, api.RetryOrphans, api.CollectOrphans, api.ExamineCluster,
		api.ListProviders, api.ListHosts, api.ListConcerns,
	} {
		c := ask(t, &counter{}, "", "example", name, "--id", known, "-o", "json")
		require.Equal(t, exitOK, c.code, c.stderr.String())
		e := decoded[exampleValue](t, c.stdout.String())
		require.Equal(t, name, e.Operation)
		_, operates := api.ClusterIDOf(e.WorkflowID)
		reads := strings.HasPrefix(e.WorkflowID, "read/") || strings.HasPrefix(e.WorkflowID, "app/") || strings.HasPrefix(e.WorkflowID, "orphans/")
		require.NotEqual(t, operates, reads)
		if in, ok := exampleInputs[name].(interface{ Problems() []string }); ok && name != api.DescribeCluster && name != api.CollectOrphans && name != api.ExamineCluster {
			require.Empty(t, in.Problems(), name)
		}
	}
}

func TestCompletionOfNodesRolesAndVersions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version    string
		args, want []string
	}{
		{"two", []string{"delete-nodes", known, "cln-00000001", ""}, []string{"cln-00000002\tetcd_node/2 10.0.0.2", "etcd_node/2\tcln-00000002 10.0.0.2"}},
		{"two", []string{"run", known, "backup", "--node", ""}, []string{"cln-00000001\tetcd_node/1 10.0.0.1", "etcd_node/1\tcln-00000001 10.0.0.1", "cln-00000002\tetcd_node/2 10.0.0.2", "etcd_node/2\tcln-00000002 10.0.0.2"}},
		{"one", []string{"add-nodes", known, "--role", ""}, []string{"etcd_node"}},
		{"one", []string{"restart", known, "--role", ""}, []string{"etcd_node", "etcd_node-replica"}},
		{"none", []string{"scale", known, "--role", ""}, nil},
		{"one", []string{"plan", "upgrade", known, "--to", ""}, []string{"two", "none"}},
		{"one", []string{"create", "etcd", "--version", ""}, []string{"one", "two", "none"}},
		{"one", []string{"apps", "yank", "etcd", "--undo", "--version", ""}, []string{"bad"}},
		{"one", []string{"upgrade", known, "--on-failure", ""}, []string{"stop", "rollback", "hold"}},
		{"one", []string{"restart", known, "--on-failure", ""}, []string{"undo", "hold"}},
	} {
		c := ask(t, &counter{answers: answering(tt.version)}, "", append([]string{"__complete"}, tt.args...)...)
		require.Equal(t, strings.Join(append(tt.want, ":4\n"), "\n"), c.stdout.String(), "%v", tt.args)
	}
}

func TestEveryCommandHasAnExampleOfItself(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			if child.Name() != "help" && child.Name() != "completion" {
				require.Contains(t, child.Example, "  "+child.CommandPath(), child.CommandPath())
				walk(child)
			}
		}
	}
	walk(newApp(System{}).root())
}
