package conformance

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// Services by hand: as nodes_to_execute_on says, on named nodes, on those a selector prints, of one role.
//
// step: S1 S2 S4 S8
func TestRV1_WhereServicesRun(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(
		role("a", 3, "tune type=custom nodes_to_execute_on=2 pre_check", "tidy type=custom", "fail_over type=custom selector", "check type=custom order=1", "start"),
		role("b", 1, "tune type=custom", "check type=custom"),
	), api.CreateClusterInput{}, "start: a/1 a/2 a/3 | hosts a/1 a/2 a/3 b/1")
	nodes := c.nodes()
	hosts := " | hosts a/1 a/2 a/3 b/1"
	only := "a"

	c.run(api.RunService, api.RunServiceInput{Service: "tune", Role: &only}, "tune.pre_check: a/1 a/2"+hosts, "tune: a/1 a/2")
	require.Equal(t, "RV1", c.walked())
	c.run(api.RunService, api.RunServiceInput{Service: "tune"}, "tune.pre_check: a/1 a/2"+hosts, "tune: a/1 a/2 b/1")
	c.run(api.RunService, api.RunServiceInput{Service: "check"}, "check: b/1"+hosts, "check: a/1 a/2 a/3")
	c.run(api.RunService, api.RunServiceInput{Service: "tidy", Nodes: c.ids("a/3 a/1")}, "tidy: a/1 a/3"+hosts)
	c.rec.hook("fail_over.selector", func(_ context.Context, _ *begun, answer *tracer.Answer) {
		answer.Stdout = "the next one is " + nodes["a/2"].NodeID + "\n"
	})
	c.run(api.RunService, api.RunServiceInput{Service: "fail_over"}, "fail_over.selector: a/1"+hosts, "fail_over: a/2")
	c.rec.hook("fail_over.selector", nil)
	c.fails(api.RunService, api.RunServiceInput{Service: "fail_over"}, "fail_over.selector: a/1"+hosts)
	f := c.fails(api.RunService, api.RunServiceInput{Service: "start"})
	require.Equal(t, fault.NotAllowed, f.Type, "start is not for users to run by hand")
	c.fails(api.RunService, api.RunServiceInput{Service: "tune", Role: &only}, "tune.pre_check: a/1 a/2=1"+hosts)
	require.Equal(t, "active", c.state())
}

// A command runs as root in /, with the usual PATH; parameters are one argument whatever they hold; a daemon it leaves
// behind does not keep it from ending.
//
// step: RV1
func TestS7_HowCommandsRun(t *testing.T) {
	t.Parallel()
	r := role("a", 1, `tune type=custom service_params={"depth":"<service_params.depth>","note":"<service_params.note>"}`).
		Service("start", object{"cmd": "sleep 600 & " + traced("start")}).
		Service("clean up", object{"cmd": traced("clean-up"), "type": "custom"})
	c := create(t, newApp(r), api.CreateClusterInput{}, "start: a/1 | hosts a/1")
	note := `it's "quoted" $(touch /x) ` + "`y`; * \\ \n end"
	c.run(api.RunService, api.RunServiceInput{Service: "tune", Params: map[string]any{"note": note}}, "tune: a/1 | hosts a/1")
	b := c.rec.ran("tune")[0]
	require.Len(t, b.Args, 1)
	var params map[string]any
	require.NoError(t, json.Unmarshal([]byte(b.Args[0]), &params), b.Args[0])
	require.Equal(t, map[string]any{"depth": 3.0, "note": note}, params)
	require.Equal(t, "/", b.Dir)
	require.Equal(t, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", b.Path)
	require.Zero(t, b.UID)
	c.run(api.RunService, api.RunServiceInput{Service: "clean up"}, "clean-up: a/1 | hosts a/1")
	require.Equal(t, fault.Invalid, c.fails(api.RunService, api.RunServiceInput{Service: "tune", Params: map[string]any{"width": 1}}).Type)
}

// Changed parameters are on every node when the operation ends; endpoints follow; the unchangeable is refused.
//
// step: B2
func TestUE1_UE2_ChangedParameters(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 2, "start"), and(role("b", 1, "check type=custom"), object{"env": object{"level": "own"}})),
		api.CreateClusterInput{}, "start: a/1 a/2 | hosts a/1 a/2 b/1")
	c.run(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.level": "high", "env.port": 5000}})
	require.Equal(t, "UE1 UE2", c.walked())
	require.Equal(t, "a/1 a/2 b/1", c.rec.reloaded(), "every node, once")
	tree := c.tree()
	require.Equal(t, []string{"high", "5000", "stays"}, []string{tree["/env/level"], tree["/cluster/endpoints/front/port"], tree["/env/fixed"]})

	c.run(api.RunService, api.RunServiceInput{Service: "check"}, "check: b/1 | hosts a/1 a/2 b/1")
	seen := c.rec.ran("check")[0].Seen
	require.Equal(t, []string{"own", "5000"}, []string{seen["/env/level"], seen["/env/port"]}, "the role's own env stays on top")

	for _, values := range []map[string]any{{"env.fixed": "moved"}, {"env.none": 1}, {"env.port": "text"}} {
		require.Equal(t, fault.Invalid, c.fails(api.UpdateEnv, api.UpdateEnvInput{Values: values}).Type, "%v", values)
	}
	require.Equal(t, tree, c.tree(), "metadata is untouched")
}
