package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

var twoHosts = api.HostList{Hosts: []api.HostView{
	{
		Provider: "static", Name: "db1", Address: "10.0.0.1:22", User: "admin", Bastion: "gate", Roles: []string{"etcd_node", "proxy"},
		State: "running", ClusterID: known, NodeID: "cln-00000001", InstanceID: "i-00000001",
		Checks: []api.HostCheck{{Name: "reachable", OK: true, Detail: "10.0.0.1:22"}, {Name: "sudo", OK: true, Detail: "commands run as root"}},
	},
	{
		Provider: "static", Name: "db2", Address: "10.0.0.2:22", User: "root", State: "free",
		Checks: []api.HostCheck{{Name: "host key", Detail: "offered b, expected a", Hint: "find out why"}},
	},
}}

func hostsAnswer(answer any) *counter {
	return &counter{answers: map[string]any{api.ListHosts: answer}}
}

func TestHostsList(t *testing.T) {
	t.Parallel()
	c := hostsAnswer(twoHosts)
	got := ask(t, c, "", "hosts", "list")
	require.Equal(t, exitOK, got.code, got.stderr.String())
	require.Regexp(t, `(?m)^db1 +10\.0\.0\.1:22 +admin +etcd_node, proxy +running +`+known+` +cln-00000001 +i-00000001$`, got.stdout.String())
	require.Regexp(t, `(?m)^db2 +10\.0\.0\.2:22 +root +.*free`, got.stdout.String())
	require.Equal(t, api.ListHostsInput{}, c.asked)

	got = ask(t, c, "", "hosts", "ls", "--provider", "static", "-o", "json")
	require.Equal(t, exitOK, got.code, got.stderr.String())
	require.Equal(t, twoHosts.Hosts, decoded[List[api.HostView]](t, got.stdout.String()).Items)
	require.Equal(t, api.ListHostsInput{Provider: "static"}, c.asked)

	got = ask(t, hostsAnswer(api.HostList{Hosts: []api.HostView{}}), "", "hosts", "list")
	require.Equal(t, exitOK, got.code)
	require.Contains(t, got.stdout.String(), "The host inventory is empty: see docs/providers.md")
}

func TestHostsCheck(t *testing.T) {
	t.Parallel()
	c := hostsAnswer(twoHosts)
	got := ask(t, c, "", "hosts", "check")
	require.Equal(t, exitFailed, got.code, "a test failed")
	require.Empty(t, got.stderr.String(), "the table says it")
	require.Regexp(t, `(?m)^db1 +sudo +pass +commands run as root$`, got.stdout.String())
	require.Regexp(t, `(?m)^db2 +host key +FAIL +offered b, expected a +find out why$`, got.stdout.String())
	require.Equal(t, api.ListHostsInput{Check: true}, c.asked)

	got = ask(t, c, "", "hosts", "check", "-o", "json")
	require.Equal(t, exitFailed, got.code, "for programs too")
	require.Equal(t, twoHosts.Hosts, decoded[List[api.HostView]](t, got.stdout.String()).Items)

	got = ask(t, hostsAnswer(api.HostList{Hosts: twoHosts.Hosts[:1]}), "", "hosts", "check")
	require.Equal(t, exitOK, got.code)
}

func TestHostsCheckOfAnotherInventory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new.yaml")
	c := hostsAnswer(twoHosts)
	got := ask(t, c, "", "hosts", "check", "--inventory", file)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr.String(), "the inventory: open "+file+": no such file or directory")
	require.Empty(t, c.reads)

	for _, text := range []string{"hosts: []\n", ""} { // an empty one is not the worker's
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		ask(t, c, "", "hosts", "check", "--inventory", file)
		require.Equal(t, api.ListHostsInput{Check: true, Inventory: text, InventoryFile: file}, c.asked)
	}

	problems := []string{"line 2: host a: host is missing", "line 3: host b: port 70000 is not between 1 and 65535"}
	f := fault.New(fault.Invalid, "inventory %s: two problems", file)
	f.Problems = problems
	got = ask(t, hostsAnswer(f), "", "hosts", "check", "--inventory", file)
	require.Equal(t, exitUsage, got.code)
	for _, words := range append(problems, file) {
		require.Contains(t, got.stderr.String(), words)
	}
	got = ask(t, hostsAnswer(f), "", "hosts", "check", "--inventory", file, "-o", "json")
	require.Equal(t, exitUsage, got.code)
	require.Equal(t, problems, decoded[output.Problem](t, got.stderr.String()).Error.Problems)
}
