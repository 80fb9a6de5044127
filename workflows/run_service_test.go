package workflows_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/tests/fakes"
	"drover/workflows/api"
)

func custom(attributes ...any) map[string]any {
	return with(map[string]any{"type": "custom", "cmd": "tidy", "service_params": map[string]any{"note": "it's quiet", "depth": 3}}, attributes...)
}

func TestRV1RunService(t *testing.T) {
	t.Parallel()
	b := "b"
	const tidy = "drover_params=$DROVER_PARAMS; unset DROVER_PARAMS\ntidy \"$drover_params\""
	for _, tc := range []struct {
		name  string
		a     map[string]any // attributes of the service of role a
		input api.RunServiceInput
		named string // node the selector prints
		want  []string
		cmd   string
		env   string
	}{
		{name: "S7 parameters are one quoted argument", a: custom(), want: []string{"RV1 tidy a/1 + RV1 tidy a/2 + RV1 tidy b/1"},
			cmd: tidy, env: `DROVER_PARAMS={"depth":3,"note":"it's quiet"}`},
		{name: "S7 given parameters", a: custom(), input: api.RunServiceInput{Params: map[string]any{"note": "$(reboot)"}},
			want: []string{"RV1 tidy a/1 + RV1 tidy a/2 + RV1 tidy b/1"}, cmd: tidy, env: `DROVER_PARAMS={"depth":3,"note":"$(reboot)"}`},
		{name: "S7 characters of HTML", a: custom(), input: api.RunServiceInput{Params: map[string]any{"note": "<a&b>"}},
			want: []string{"RV1 tidy a/1 + RV1 tidy a/2 + RV1 tidy b/1"}, cmd: tidy, env: `DROVER_PARAMS={"depth":3,"note":"<a&b>"}`},
		{name: "S8 the pre_check takes no parameters", a: custom("pre_check", "check"),
			want: []string{"RV1 tidy a/1 + RV1 tidy a/2", "RV1 tidy a/1 + RV1 tidy a/2 + RV1 tidy b/1"}, cmd: "check"},
		{name: "S1 roles in their order", a: custom("order", 1), want: []string{"RV1 tidy b/1", "RV1 tidy a/1 + RV1 tidy a/2"}},
		{name: "S4 nodes_to_execute_on", a: custom("nodes_to_execute_on", 1), want: []string{"RV1 tidy a/1 + RV1 tidy b/1"}},
		{name: "one role", a: custom(), input: api.RunServiceInput{Role: &b}, want: []string{"RV1 tidy b/1"}},
		{name: "the selector names the nodes", a: custom("selector", "leader"), named: "a", want: []string{"RV1 tidy-selector a/1", "RV1 tidy a/2 + RV1 tidy b/1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish("app", service(nodes("a", 2, "start"), "tidy", tc.a), service(nodes("b", 1, "start"), "tidy", custom()))
			w.create("app")
			w.agents.Handlers = append(w.agents.Handlers, func(_ context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
				return fakes.Exit(0, "the leader is "+w.node("a", 2).ID), e.Cmd == "leader"
			})
			before := len(w.commands())
			tc.input.Service = "tidy"
			w.start1(api.RunService, tc.input)
			var got []string
			for _, e := range w.agents.Ran()[before:] {
				if e.Cmd == "leader" {
					got = append(got, "RV1 tidy-selector a/1")
					continue
				}
				got = append(got, e.Describe())
			}
			requireOrder(t, tc.want, got)
			if tc.cmd != "" {
				require.Equal(t, tc.cmd, w.agents.Ran()[before].Cmd)
				require.Equal(t, tc.env, strings.Join(w.agents.Ran()[before].Env, " "))
			}
			w.sound()
		})
	}
}

func TestRunServiceOnNamedNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 3, "tidy type=custom nodes_to_execute_on=1", "backup", "restore"), nodes("b", 1, "start"))
	w.create("app")
	before := len(w.commands())
	w.start1(api.RunService, api.RunServiceInput{Service: "tidy", Nodes: []string{w.node("a", 3).ID}})
	require.Equal(t, []string{"RV1 tidy a/3"}, w.commands()[before:])
	for says, in := range map[string]api.RunServiceInput{
		"cannot be run by hand":      {Service: "start"},
		"would look like a backup":   {Service: "backup"},
		"empty their data folders":   {Service: "restore", DryRun: true},
		"no such parameter":          {Service: "tidy", Params: map[string]any{"x": 1}},
		"not a node of this cluster": {Service: "tidy", Nodes: []string{w.node("b", 1).ID}},
	} {
		require.Contains(t, w.start(api.RunService, in).fault().Message, says)
	}
	for service, command := range map[string]string{"backup": "drover backup create", "restore": "drover backup restore"} {
		require.Contains(t, w.start(api.RunService, api.RunServiceInput{Service: service}).fault().Hint, command)
	}
	w.refuse("tidy", "a")
	require.Equal(t, fault.CommandFailed, w.start(api.RunService, api.RunServiceInput{Service: "tidy"}).fault().Type)
	w.sound()
}

func TestUE1UE2UpdateEnv(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishAs("store", "1", nil, with(nodes("a", 1, "start"), "env", map[string]any{"quota": "@env.quota@", "mode": "@env.mode@"}))
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "store", Values: map[string]any{"env": map[string]any{"quota": 3}}})
	before, revision := len(w.commands()), w.record().Revision
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.quota": "8", "env.mode": "safe"}})
	tree, _ := w.store.Tree(clusterID)
	require.Equal(t, []string{"8", "safe"}, []string{tree.Tree["roles/a/env/quota"], tree.Tree["roles/a/env/mode"]})
	require.Equal(t, revision+1, tree.Revision)
	require.Len(t, w.commands(), before)
	w.sound()

	record := w.record()
	f := w.start(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{
		"env.fixed": "other", "env.nothing": 1, "env.quota": "many", "env.mode": "reckless",
	}}).fault()
	require.Equal(t, fault.Invalid, f.Type)
	for _, path := range []string{"fixed", "nothing", "quota", "mode"} {
		require.Contains(t, f.Message, path, "all at once")
	}
	require.Equal(t, record, w.record())

	w.start1(api.StopCluster, api.StopClusterInput{})
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.quota": 9}})
	w.start1(api.StartCluster, api.StartClusterInput{})
	tree, _ = w.store.Tree(clusterID)
	require.Equal(t, "9", tree.Tree["roles/a/env/quota"])
	w.sound()
}
