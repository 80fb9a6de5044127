package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

func TestSV1toSV7ScaleVerticalBranches(t *testing.T) {
	t.Parallel()
	const v = ": vertical-scaling-roles"
	larger := api.ScaleVerticalInput{Role: "a", CPU: 2, Memory: 1024}
	for _, tc := range []struct {
		name   string
		a      map[string]any
		input  api.ScaleVerticalInput
		offers *providers.Capabilities
		order  []int // sids in the order get_nodes_order prints them
		want   []string
	}{
		{name: "SV2 only the volume grows: no commands", a: nodes("a", 2, "stop", "start"), input: api.ScaleVerticalInput{Role: "a", VolumeSize: 4}},
		{name: "SV4 where the provider cannot grow online", a: nodes("a", 2, "stop", "start"), input: api.ScaleVerticalInput{Role: "a", VolumeSize: 4},
			offers: &providers.Capabilities{}, want: []string{"SV4 stop a/1" + v + " + SV4 stop a/2" + v, "SV4 start a/1" + v + " + SV4 start a/2" + v}},
		{name: "SV4 in parallel", a: nodes("a", 2, "stop", "start"), input: larger,
			want: []string{"SV4 stop a/1" + v + " + SV4 stop a/2" + v, "SV4 start a/1" + v + " + SV4 start a/2" + v}},
		{name: "SV4 with replicas", a: with(nodes("a", 1, "stop", "start"), "replica", 1), input: larger,
			want: []string{"SV4 stop a/1" + v + " + SV4 stop a-replica/2" + v, "SV4 start a/1" + v + " + SV4 start a-replica/2" + v}},
		{name: "SV4 sequential, by sid", a: with(nodes("a", 2, "stop", "start"), "vertical_scaling_policy", "sequential"), input: larger,
			want: []string{"SV4 stop a/1" + v, "SV4 start a/1" + v, "SV4 stop a/2" + v, "SV4 start a/2" + v}},
		{name: "SV4 sequential: nodes_to_execute_on counts all of them", a: with(nodes("a", 2, "stop nodes_to_execute_on=1", "start"), "vertical_scaling_policy", "sequential"),
			input: larger, want: []string{"SV4 stop a/1" + v, "SV4 start a/1" + v, "SV4 start a/2" + v}},
		{name: "SV4 sequential, by get_nodes_order", a: with(nodes("a", 3, "stop", "start", "get_nodes_order"), "vertical_scaling_policy", "sequential"),
			input: larger, order: []int{3, 1},
			want: []string{"SV4 get_nodes_order a/1" + v, "SV4 stop a/3" + v, "SV4 start a/3" + v, "SV4 stop a/1" + v, "SV4 start a/1" + v, "SV4 stop a/2" + v, "SV4 start a/2" + v}},
		{name: "SV4 a stop without a command is defined all the same", a: service(nodes("a", 1, "start"), "stop", map[string]any{"cmd": ""}), input: larger,
			want: []string{"SV4 start a/1" + v}},
		{name: "SV5 no stop: the others stop", a: nodes("a", 2), input: larger, want: []string{"SV5 stop b/1" + v, "SV5 start b/1" + v}},
		{name: "SV5 no agent", a: with(nodes("a", 2), "agent_installed", false), input: larger, want: []string{"SV5 stop b/1" + v, "SV5 start b/1" + v}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOn(t, fakeprovider.Options{Capabilities: tc.offers})
			w.publish("app", tc.a, nodes("b", 1, "stop", "start"))
			w.create("app")
			w.agents.On(lifecycle.ServiceNodesOrder, func(context.Context, fakes.Execution) agentapi.CommandStatus {
				text := ""
				for _, sid := range tc.order {
					text += w.node("a", sid).ID + ","
				}
				return fakes.Exit(0, text)
			})
			before := len(w.commands())
			w.start1(api.ScaleVertical, tc.input)
			requireOrder(t, tc.want, w.commandsSeeing(before))
			for _, n := range w.record().Nodes {
				if n.Role == "b" {
					require.Equal(t, 1, n.CPU)
					continue
				}
				require.Equal(t, max(1, tc.input.CPU), n.CPU)
				require.Equal(t, max(512, tc.input.Memory), n.Memory)
				require.Equal(t, max(1, tc.input.VolumeSize), n.VolumeSize)
			}
			first := w.store.History(clusterID)[1].Tree
			require.NotEmpty(t, first["self/vertical-scaling-roles"], "SV1 is a revision of its own")
			w.sound()
		})
	}
}

func TestSV4FailingInTheMiddleKeepsWhatWasDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", with(nodes("a", 3, "stop", "start"), "vertical_scaling_policy", "sequential"))
	w.create("app")
	before := len(w.commands())
	second := w.node("a", 2)
	w.agents.Handlers = append(w.agents.Handlers, func(_ context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
		return fakes.Exit(5, ""), e.Step() == "SV4" && e.Service() == "start" && e.Node.ID == second.ID
	})
	f := w.start(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", CPU: 4}).fault()
	require.Equal(t, second.ID, f.Node)
	const v = ": vertical-scaling-roles"
	requireOrder(t, []string{"SV4 stop a/1" + v, "SV4 start a/1" + v, "SV4 stop a/2" + v, "SV4 start a/2" + v, "SV4-undo start a/2" + v}, w.commandsSeeing(before))
	require.Equal(t, []int{4, 1, 1}, []int{w.node("a", 1).CPU, w.node("a", 2).CPU, w.node("a", 3).CPU})
	require.Equal(t, lifecycle.Active, w.record().State)
	role, _ := w.record().Spec.Role("a")
	require.Equal(t, 1, role.CPU, "new nodes follow the role")
	w.sound()
}

// A node starts again with the size it has when the old one cannot be given back.
func TestSV4SizeThatCannotBeGivenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "stop", "start"))
	w.create("app")
	w.agents.Handlers = append(w.agents.Handlers, func(_ context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
		return fakes.Exit(5, ""), e.Step() == "SV4" && e.Service() == "start"
	})
	w.provider.On(fakeprovider.Rule{Method: "ResizeInstance", Nth: 2, Fault: fault.New(fault.Invalid, "no such size any more")})
	r := w.start(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", CPU: 4})
	require.Error(t, r.err)
	require.Contains(t, r.progress().Warnings[0].Message, "no such size any more")
	require.Equal(t, 4, w.node("a", 1).CPU)
	w.provider.Clear()
	rec := w.record()
	require.Equal(t, lifecycle.Active, rec.State)
	w.sound()
}

func TestScaleVerticalRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		input api.ScaleVerticalInput
		want  fault.Type
		says  string
	}{
		"smaller volume": {api.ScaleVerticalInput{Role: "a", VolumeSize: 1}, fault.NotAllowed, "cannot shrink"},
		"same size":      {api.ScaleVerticalInput{Role: "a", CPU: 1}, fault.NotAllowed, "already has this size"},
		"unknown role":   {api.ScaleVerticalInput{Role: "z", CPU: 2}, fault.NotAllowed, `no role "z"`},
		"replica role":   {api.ScaleVerticalInput{Role: "a-replica", CPU: 2}, fault.NotAllowed, "together with its master"},
		"negative":       {api.ScaleVerticalInput{Role: "a", CPU: -1}, fault.Invalid, "cpu: -1"},
		"nothing":        {api.ScaleVerticalInput{Role: "a"}, fault.Invalid, "required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish("app", with(nodes("a", 1, "stop"), "replica", 1, "volume", map[string]any{"size": 2, "mount_point": "/data"}))
			w.create("app")
			record := w.record()
			f := w.start(api.ScaleVertical, tc.input).fault()
			require.Equal(t, tc.want, f.Type)
			require.Contains(t, f.Message, tc.says)
			require.Equal(t, record, w.record())
		})
	}
}
