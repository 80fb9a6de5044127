package specs

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// version is a package of these env items, each published under its own name.
func version(t *testing.T, items ...string) *Package {
	t.Helper()
	config, env := "", ""
	for i, it := range items {
		var item struct{ Key string }
		require.NoError(t, json.Unmarshal([]byte("{"+it+"}"), &item))
		if i > 0 {
			config, env = config+",", env+","
		}
		config += "{" + it + "}"
		env += `"` + item.Key + `": {{env.` + item.Key + `}}`
	}
	return packageOf(t, configOf(config), `{"nodes": [{"count": 1, `+role+`}], "env": {`+env+`}}`)
}

func TestReviseCompletesTheValuesOfANewCluster(t *testing.T) {
	t.Parallel()
	p := packageOf(t, `{"properties": [
		{"key": "env", "properties": [
			{"key": "given", "type": "integer", "default": 1}, {"key": "default", "type": "integer", "default": 9223372036854775807},
			{"key": "absent", "type": "integer"}, {"key": "text", "type": "string"}]},
		{"key": "service_params", "properties": [{"key": "a", "type": "string", "default": "x"}, {"key": "b", "type": "string", "default": "x"}]}]}`,
		`{"nodes": [{"count": 1, `+role+`}]}`)
	_, values, err := p.Revise(t.Context(), nil, map[string]any{"env": map[string]any{"given": "7"}, "service_params.b": "y"})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"env.given": json.Number("7"), "env.default": json.Number("9223372036854775807"), "env.absent": nil, "env.text": "", "service_params.b": "y",
	}, values)
}

// A default, a rule and an item of another version do not reach the values in force.
func TestReviseKeepsValuesInForce(t *testing.T) {
	t.Parallel()
	p := version(t, `"key": "mode", "type": "string", "default": "safe", "range": ["safe"]`, `"key": "n", "type": "integer", "default": 5`,
		`"key": "absent", "type": "integer", "default": 3`, `"key": "new", "type": "integer", "default": 4`)
	c, values, err := p.Revise(t.Context(), map[string]any{"env.mode": "fast", "env.n": 3, "env.absent": nil, "env.day": "monday"}, map[string]any{"env.n": "6"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"mode": "fast", "n": "6", "absent": "", "new": "4"}, c.Env)
	require.Equal(t, map[string]any{"env.mode": "fast", "env.n": json.Number("6"), "env.absent": nil, "env.new": json.Number("4")}, values)
}

func TestCarryOverSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	next := version(t,
		`"key": "layout", "type": "string", "default": "columns", "changeable": false`, `"key": "size", "type": "string", "default": "8"`,
		`"key": "pinned", "type": "string", "default": "b", "range": ["b"], "changeable": false`, `"key": "pass", "type": "password", "default": "hunter2"`,
		`"key": "license", "type": "password", "required": "yes"`, `"key": "color", "type": "string", "default": "blue"`, `"key": "mode", "type": "string"`)
	spec, values, carried, err := next.CarryOver(t.Context(),
		map[string]any{"env.layout": "rows", "env.size": json.Number("8"), "env.pinned": "a", "env.pass": "hunter1", "env.day": "monday", "env.mode": "x"},
		map[string]any{"env.license": "abc-123", "env.mode": "y"})
	require.NoError(t, err)
	require.Equal(t, &Carried{
		New: []ItemValue{{Path: "env.license", Value: "(hidden)"}, {Path: "env.color", Value: `"blue"`}},
		Set: []ItemValue{{Path: "env.mode", Value: `"y"`, Was: `"x"`}},
		Kept: []ItemValue{
			{Path: "env.layout", Value: `"rows"`, Default: `"columns"`}, {Path: "env.size", Value: `"8"`},
			{Path: "env.pinned", Value: `"a"`, Default: `"b"`, Note: `value "a" is not allowed: the allowed values are "b"`},
			{Path: "env.pass", Value: "(hidden)", Default: "(hidden)"},
		},
		Dropped: []string{"env.day"},
	}, carried)
	require.Equal(t, "rows", spec.Env["layout"])
	require.Equal(t, map[string]any{
		"env.layout": "rows", "env.size": "8", "env.pinned": "a", "env.pass": "hunter1", "env.license": "abc-123", "env.color": "blue", "env.mode": "y",
	}, values)
}

func TestCarryOverSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	next := version(t,
		`"key": "layout", "type": "string", "changeable": false`, `"key": "mode", "type": "string", "range": ["safe"]`, `"key": "n", "type": "integer"`,
		`"key": "license", "type": "string", "required": "yes"`, `"key": "empty", "type": "string", "required": "yes"`)
	_, _, _, err := next.CarryOver(t.Context(),
		map[string]any{"env.layout": "rows", "env.mode": "fast", "env.n": "many", "env.empty": "", "env.day": "x"},
		map[string]any{"env.layout": "columns", "env.day": "y"})
	var problems *Problems
	require.ErrorAs(t, err, &problems)
	require.ElementsMatch(t, []string{
		`env.layout: the package says "changeable": false: it keeps the value it was created with`,
		`env.mode: the value in force cannot stay, set another one: value "fast" is not allowed: the allowed values are "safe"`,
		`env.n: the value in force, "many", is not an integer, as this version wants; set another one; allowed: integer`,
		`env.license: required, no value given and no default; allowed: string`,
		`env.empty: required, no value given and no default; allowed: string`,
		`env.day: no such item in config.json`,
	}, messages(problems.Diagnostics))
	_, _, _, err = next.CarryOver(t.Context(),
		map[string]any{"env.layout": "rows", "env.mode": "fast", "env.n": "many"},
		map[string]any{"env.mode": "safe", "env.n": "2", "env.license": "x", "env.empty": "y"})
	require.NoError(t, err)
}

func TestCheckSizes(t *testing.T) {
	t.Parallel()
	p := packageOf(t, `{"properties": [{"key": "cluster", "properties": [{"key": "n", "properties": [
		{"key": "count", "type": "integer", "default": 3, "range": [3, 5]}, {"key": "memory", "type": "integer", "default": 256, "range": [256, 512]},
		{"key": "size", "type": "integer", "default": 1, "min": 1}]}]}]}`,
		`{"nodes": [{"role": "n", "count": {{cluster.n.count}}, "container": {"type": "docker", "image": "i"}, "cpu": 1, "memory": {{cluster.n.memory}},
			"volume": {"size": {{cluster.n.size}}}}]}`)
	c, _, err := p.Render(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"count": "cluster.n.count", "memory": "cluster.n.memory", "volume_size": "cluster.n.size"}, c.Roles[0].Items)
	err = p.CheckSizes(&c.Roles[0], map[string]int{ItemCount: 4, ItemCPU: 1000, ItemMemory: 300, ItemVolumeSize: 0})
	var problems *Problems
	require.ErrorAs(t, err, &problems)
	require.ElementsMatch(t, []string{
		"cluster.n.count: value 4 is not allowed: the allowed values are 3, 5", "cluster.n.memory: value 300 is not allowed: the allowed values are 256, 512",
		"cluster.n.size: value 0 is not allowed: it must be at least 1",
	}, messages(problems.Diagnostics))
	require.NoError(t, p.CheckSizes(&c.Roles[0], map[string]int{ItemCount: 5}))
}
