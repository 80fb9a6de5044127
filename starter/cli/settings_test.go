package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
	"drover/workflows/api"
)

var scriptedSettings = []api.Setting{
	{Path: "cluster.etcd_node.count", Type: "integer", Default: "3", Allowed: "integer, one of 1, 3, 5", Required: true},
	{Path: "env.quota", Label: "Quota", Type: "integer", Default: "2", Allowed: "integer, at least 1", Changeable: true},
	{Path: "env.log.level", Type: "string", Default: `"info"`, Allowed: "string", Changeable: true},
	{Path: "env.password", Type: "password", Allowed: "password", Changeable: true},
}

var scriptedServices = []api.ServiceView{
	{Role: "etcd_node", Name: "start", TimeoutSec: 600},
	{Role: "etcd_node", Name: "snapshot", Custom: true, TimeoutSec: 60, Parameters: []api.Setting{{Path: "keep", Allowed: "integer, at most 9", Default: "3"}}},
}

func appScript(_ workflow.Context, in api.DescribeAppInput) (*api.AppDetail, error) {
	if in.App != "etcd" {
		return nil, failing(fault.New(fault.NotFound, "no application %q is published", in.App))
	}
	out := &api.AppDetail{AppView: api.AppView{App: in.App, Version: in.Version, Roles: []string{"etcd_node"}}, Settings: scriptedSettings, Services: scriptedServices}
	if in.Version == "" {
		out.Version, out.Why = "3.6.0", "it is the highest version that is neither a prerelease nor yanked"
	}
	return out, nil
}

func valuesScript(_ workflow.Context, in api.DescribeValuesInput) (*api.ClusterValues, error) {
	out := &api.ClusterValues{ClusterID: in.ClusterID, App: "etcd", Version: "3.5.0", Services: scriptedServices}
	for i, s := range scriptedSettings {
		s.Value = []string{"3", "4", `"debug"`, "(hidden)"}[i]
		out.Settings = append(out.Settings, s)
	}
	return out, nil
}

func TestAppsShow(t *testing.T) {
	t.Parallel()
	c := drover(t, "apps", "show", "etcd")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Contains(t, c.stdout.String(), "3.6.0 (it is the highest version that is neither a prerelease nor yanked)")
	require.Regexp(t, `(?m)^cluster\.etcd_node\.count +3 +integer, one of 1, 3, 5 +required$`, c.stdout.String())
	require.Regexp(t, `(?m)^snapshot \(drover run\) +etcd_node +0 +60 s +keep: integer, at most 9, default 3$`, c.stdout.String())
	app := decoded[api.AppDetail](t, drover(t, "apps", "show", "etcd", "--version", "3.5.0", "-o", "json").stdout.String())
	require.Equal(t, "3.5.0", app.Version)
	require.Empty(t, app.Why)
	require.Equal(t, exitRefused, drover(t, "apps", "show", "other").code)
}

func TestEnvGet(t *testing.T) {
	t.Parallel()
	c := drover(t, "env", "get", "cl-aaaaaaaa")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Regexp(t, `(?m)^env\.quota +4 +2 +integer, at least 1 +Quota$`, c.stdout.String())
	require.NotContains(t, c.stdout.String(), "etcd_node.count")
	require.Contains(t, drover(t, "env", "get", "cl-aaaaaaaa", "--all").stdout.String(), "cluster.etcd_node.count")
	for _, key := range []string{"quota", "env.quota"} {
		require.Equal(t, "4\n", drover(t, "env", "get", "cl-aaaaaaaa", key).stdout.String())
	}
	require.Equal(t, "3\n", drover(t, "env", "get", "cl-aaaaaaaa", "etcd_node.count").stdout.String())
	c = drover(t, "env", "get", "cl-aaaaaaaa", "qota")
	require.Equal(t, exitRefused, c.code)
	require.Contains(t, c.stderr.String(), `no setting "qota"`)
}

func TestSettingsAndServicesAreCompleted(t *testing.T) {
	t.Parallel()
	server(t)
	for _, tc := range []struct {
		args      []string
		want, not string
	}{
		{[]string{"env", "set", "cl-aaaaaaaa", ""}, "quota=\t4; integer, at least 1\n", "etcd_node"},
		{[]string{"env", "set", "cl-aaaaaaaa", "quota=5", ""}, "log.level=\t", "quota"},
		{[]string{"env", "get", "cl-aaaaaaaa", ""}, "cluster.etcd_node.count\t3\n", "snapshot"},
		{[]string{"run", "cl-aaaaaaaa", ""}, "snapshot\n", "start"},
		{[]string{"create", "etcd", "--set", ""}, "etcd_node.count=\tinteger, one of 1, 3, 5\n", "snapshot"},
	} {
		var out string
		require.Eventually(t, func() bool { // a busy server does not answer in the time of a Tab
			out = drover(t, append([]string{"__complete"}, tc.args...)...).stdout.String()
			return strings.Contains(out, tc.want)
		}, time.Minute, 100*time.Millisecond, "%v", tc.args)
		require.NotContains(t, out, tc.not, "%v", tc.args)
	}
}

func TestPlanOfACreationNamesTheVersion(t *testing.T) {
	t.Parallel()
	c := drover(t, "plan", "create", "etcd")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Contains(t, c.stderr.String(), "Version 3.6.0 of etcd: it is the highest version that is neither a prerelease nor yanked.\n")
	require.NotContains(t, drover(t, "plan", "create", "etcd", "--version", "3.5.0").stderr.String(), "Version")
}

func TestAPastOperationIsShown(t *testing.T) {
	t.Parallel()
	id := "cl-pastop00"
	require.Equal(t, exitOK, drover(t, "create", "etcd", "--id", id, "--as", "ann@desk").code)
	require.Eventually(t, func() bool { return drover(t, "ops", id).stdout.String() != "No operations found.\n" }, time.Minute, 100*time.Millisecond)
	require.Regexp(t, `(?m)^1 +CreateCluster +create etcd cl-pastop00 +ann@desk `, drover(t, "ops", id).stdout.String())
	c := drover(t, "ops", id, "1")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Regexp(t, `(?m)^by +ann@desk$`, c.stdout.String())
	require.Regexp(t, `CC4 +start, order 0`, c.stdout.String())
	require.Contains(t, c.stdout.String(), "== RS1 snapshot, etcd_node/1")
	v := decoded[opValue](t, drover(t, "ops", id, "1", "-o", "json").stdout.String())
	require.Equal(t, "create etcd "+id, v.Operation.What)

	require.Equal(t, exitRefused, drover(t, "create", "etcd", "--id", id, "--name", "refuse").code)
	require.Equal(t, exitOK, drover(t, "create", "etcd", "--id", id, "--dry-run").code)
	var all string
	require.Eventually(t, func() bool {
		all = drover(t, "ops", id, "--all").stdout.String()
		return strings.Count(all, "CreateCluster") == 3
	}, time.Minute, 100*time.Millisecond, "operation, refusal and plan are found by one query of the server")
	require.Contains(t, all, "(dry run)")
	require.Contains(t, all, "not here")
	require.NotContains(t, drover(t, "ops", id).stdout.String(), "(dry run)")
	require.Contains(t, drover(t, "ops", id, "--all", "--limit", "2").stdout.String(), "older operations are not shown; list more with --limit 20")
	require.NotContains(t, drover(t, "ops", id, "--all", "--limit", "3").stdout.String(), "older")

	for wanted, code := range map[string]int{"2": exitRefused, "x": exitUsage, "0": exitUsage} {
		require.Equal(t, code, drover(t, "ops", id, wanted).code, wanted)
	}
}
