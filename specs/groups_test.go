package specs

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// grouped is a package with resource groups; more are attributes of the group's item.
func grouped(t *testing.T, more string) *Package {
	t.Helper()
	return packageOf(t, `{"type": "array", "properties": [
		{"key": "cluster", "type": "array", "properties": [
			{"key": "resource_group", "type": "string", "default": "Prod", "range": ["Test", "Prod"]`+more+`},
			{"key": "n", "type": "array", "properties": [
				{"key": "count", "type": "integer", "default": 1, "min": 1, "max": 9, "resource_group": [1, 3]},
				{"key": "cpu", "type": "integer", "default": 1, "range": [1, 2, 4], "resource_group": [1, 4]},
				{"key": "memory", "type": "integer", "default": 512, "step": 512},
				{"key": "volume_size", "type": "integer", "default": 10, "min": 10, "step": 10, "resource_group": ["10", 20]}]}]}]}`,
		`{"description": {{cluster.resource_group}}, "nodes": [{"role": "n", "count": {{cluster.n.count}}, "cpu": {{cluster.n.cpu}},
			"memory": {{cluster.n.memory}}, "volume": {"size": {{cluster.n.volume_size}}}, "container": {"type": "docker", "image": "i"}}]}`)
}

// TestResourceGroups: the chosen group gives sizes, the user's own values win where the package lets them.
func TestResourceGroups(t *testing.T) {
	t.Parallel()
	const fixed = `, "customizable": false`
	for name, tc := range map[string]struct {
		more   string
		values map[string]any
		want   string // count, cpu, memory, volume
		err    string
	}{
		"by default":       {"", nil, "3 4 512 20", ""},
		"chosen":           {"", map[string]any{"resource_group": "Test"}, "1 1 512 10", ""},
		"with an own size": {"", map[string]any{"resource_group": "Test", "n.cpu": 2, "n.memory": 1024}, "1 2 1024 10", ""},
		"unknown":          {"", map[string]any{"resource_group": "Big"}, "", `cluster.resource_group: value "Big" is not allowed: the allowed values are "Test", "Prod"`},
		"fixed":            {fixed, map[string]any{"resource_group": "Test", "n.cpu": 1, "n.memory": 1024}, "1 1 1024 10", ""},
		"fixed, another":   {fixed, map[string]any{"resource_group": "Test", "n.cpu": 2}, "", `cluster.n.cpu: value 2 is not allowed: resource group "Test" has 1, and the package does not allow other values`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := grouped(t, tc.more)
			require.Empty(t, Lint(t.Context(), p))
			c, _, err := p.Render(t.Context(), tc.values)
			revised, _, again := p.Revise(t.Context(), nil, tc.values)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				require.ErrorContains(t, again, tc.err)
				return
			}
			require.NoError(t, err)
			require.NoError(t, again)
			require.Equal(t, c, revised)
			r := c.Roles[0]
			require.Equal(t, tc.want, fmt.Sprint(r.Count, r.CPU, r.Memory, r.Volume.Size))
		})
	}
}

// TestLimitsHoldLater: adding nodes and scaling keep range, min, max, step and, where they cannot be customized, the groups.
func TestLimitsHoldLater(t *testing.T) {
	t.Parallel()
	free, fixed := grouped(t, ""), grouped(t, `, "customizable": false`)
	c, _, err := free.Render(t.Context(), nil)
	require.NoError(t, err)
	r := &c.Roles[0]
	for _, tc := range []struct {
		p       *Package
		by      map[string]int
		problem string
	}{
		{free, map[string]int{ItemCount: 9, ItemCPU: 2, ItemMemory: 1024, ItemVolumeSize: 30}, ""},
		{free, map[string]int{ItemCount: 10}, "it must be from 1 to 9"},
		{free, map[string]int{ItemCPU: 3}, "the allowed values are 1, 2, 4"},
		{free, map[string]int{ItemMemory: 700}, "it must be a multiple of 512"},
		{free, map[string]int{ItemVolumeSize: 25}, "it must be 10 plus a multiple of 10"},
		{fixed, map[string]int{ItemCount: 2}, ""},
		{fixed, map[string]int{ItemCPU: 1}, ""},
		{fixed, map[string]int{ItemCPU: 2}, "no resource group has it, and the package does not allow other values; the groups have 1, 4"},
	} {
		err := tc.p.CheckSizes(r, tc.by)
		if tc.problem == "" {
			require.NoError(t, err, "%v", tc.by)
		} else {
			require.ErrorContains(t, err, tc.problem)
		}
	}
}

func TestGroupsAreLinted(t *testing.T) {
	t.Parallel()
	for item, want := range map[string]string{
		`"type": "integer", "default": 1, "resource_group": [1]`:                                            "resource_group needs an item cluster.resource_group with a range",
		`"type": "integer", "default": 1, "resource_group": 1`:                                              "resource_group must be a list",
		`"type": "integer", "default": 1, "resource_group": ["a"]`:                                          `resource_group: "a" is not an integer`,
		`"type": "string", "default": "", "dependencies": {}`:                                               "dependencies must be a list",
		`"type": "string", "default": "", "dependencies": [{"refkey": "v"}]`:                                `a condition needs "refkey"`,
		`"type": "string", "default": "", "dependencies": [{"refkey": "v","values":[]}]`:                    "the item depends on itself",
		`"type": "string", "default": "", "dependencies": [{"refkey": "w","values":[], "operator": "not"}]`: `operator "not" is not in or nin`,
	} {
		require.Contains(t, lines(Lint(t.Context(), envPackage(t, "v", item)).Errors()), want)
	}
	p := grouped(t, "")
	it, _ := p.Config.Item("cluster.n.cpu")
	it.Group = it.Group[:1]
	require.Contains(t, lines(Lint(t.Context(), p)), "resource_group has 1 values, but the range of cluster.resource_group has 2")
	c, _, err := p.Render(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, c.Roles[0].CPU, "the default")
}

// TestDependencies: an item is demanded only where it applies.
func TestDependencies(t *testing.T) {
	t.Parallel()
	p := packageOf(t, configOf(`
		{"key": "mode", "type": "string", "default": "plain", "range": ["plain", "tls", "ldap"]},
		{"key": "cert", "type": "string", "required": "yes", "dependencies": [{"refkey": "mode", "values": ["tls"]}]},
		{"key": "host", "type": "string", "required": "yes", "dependencies": [{"refkey": "mode", "values": ["plain", "tls"], "operator": "nin"}]},
		{"key": "bind", "type": "string", "default": "simple", "dependencies": [{"refkey": "env.mode", "values": ["ldap"]}]},
		{"key": "user", "type": "string", "required": "yes", "dependencies": [{"refkey": "bind", "values": ["simple"]}]}`),
		`{"nodes": [{"count": 1, `+role+`}], "env": {"a": {{env.mode}}, "b": {{env.cert}}, "c": {{env.host}}, "d": {{env.bind}}, "e": {{env.user}}}}`)
	for _, tc := range []struct {
		values  map[string]any
		missing []string
	}{
		{nil, nil},
		{map[string]any{"env.mode": "tls"}, []string{"env.cert"}},
		{map[string]any{"env.mode": "tls", "env.cert": "c"}, nil},
		{map[string]any{"env.mode": "ldap"}, []string{"env.host", "env.user"}},
		{map[string]any{"env.mode": "ldap", "env.bind": "none"}, []string{"env.host"}},
	} {
		for _, render := range []func() error{
			func() error { _, _, err := p.Render(t.Context(), tc.values); return err },
			func() error { _, _, err := p.Revise(t.Context(), nil, tc.values); return err },
		} {
			err := render()
			require.Equal(t, len(tc.missing) > 0, err != nil, "%v: %v", tc.values, err)
			for _, path := range tc.missing {
				require.ErrorContains(t, err, path+": required, no value given")
			}
		}
	}
	_, diags, err := p.Render(t.Context(), map[string]any{"env.cert": "c"})
	require.NoError(t, err)
	require.Contains(t, lines(diags), "env.cert: the item does not apply: it applies where mode is one of tls")
}

// TestDefaultsThatStay: a new cluster keeps them, one that exists may change them.
func TestDefaultsThatStay(t *testing.T) {
	t.Parallel()
	p := envPackage(t, "v", `"type": "string", "default": "a", "changeable_when_create": false`)
	_, _, err := p.Revise(t.Context(), nil, map[string]any{"env.v": "b"})
	require.ErrorContains(t, err, `env.v: value "b" is not allowed: the package says "changeable_when_create": false`)
	_, inForce, err := p.Revise(t.Context(), nil, map[string]any{"env.v": "a"})
	require.NoError(t, err)
	c, _, err := p.Revise(t.Context(), inForce, map[string]any{"env.v": "b"})
	require.NoError(t, err)
	require.Equal(t, "b", c.Env["x"])
}
