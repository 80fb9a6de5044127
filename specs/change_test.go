package specs

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// changing is a package with items of every kind a change may meet.
func changing(t *testing.T) *Package {
	t.Helper()
	return packageOf(t, `{"properties": [
		{"key": "cluster", "properties": [
			{"key": "name", "type": "string", "default": "n"},
			{"key": "node", "properties": [{"key": "count", "type": "integer", "default": 1}]}
		]},
		{"key": "env", "properties": [
			{"key": "quota", "type": "integer", "default": 2, "min": 1, "max": 8},
			{"key": "fixed", "type": "string", "default": "x", "changeable": false},
			{"key": "pass", "type": "password", "default": "", "pattern": "^.{8,}$", "required": "no"},
			{"key": "cluster.name", "type": "string", "default": "inner"},
			{"key": "group", "properties": [{"key": "a.b", "type": "boolean", "default": false}]}
		]}
	]}`, `{}`)
}

func TestCheckChangeGivesTypedValuesByWholePath(t *testing.T) {
	t.Parallel()
	got, err := changing(t).CheckChange(map[string]any{
		"env.quota": "4", "env": map[string]any{"group": map[string]any{"a.b": "true"}, "cluster.name": "other"}, "env.pass": "long enough",
	})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"env.quota": json.Number("4"), "env.group.a.b": true, "env.cluster.name": "other", "env.pass": "long enough",
	}, got)
}

func TestCheckChangeSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	got, err := changing(t).CheckChange(map[string]any{
		"env.quota": 9, "env.fixed": "y", "env.pass": "hunter2", "env.qouta": 1, "env.group": "x", "env.group.a.b": nil,
		"cluster.name": "z", "node.count": "many",
	})
	require.Nil(t, got)
	require.True(t, fault.Is(err, fault.Invalid))
	var problems *Problems
	require.ErrorAs(t, err, &problems)
	require.ElementsMatch(t, []string{
		"env.quota: value 9 is not allowed: it must be from 1 to 8",
		`env.fixed: the package says "changeable": false: it keeps the value it was created with`,
		"env.pass: value (hidden) is not allowed: it must match the pattern ^.{8,}$",
		`env.qouta: no such item in config.json (did you mean env.quota?)`,
		"env.group: a group of items cannot have a value; use one of its items",
		"env.group.a.b: null is not a value; allowed: boolean",
		"cluster.name: the value is fixed at creation; only items below env can be changed",
		`cluster.node.count: value "many" is not an integer; allowed: integer`,
		"cluster.node.count: the value is fixed at creation; only items below env can be changed",
	}, messages(problems.Diagnostics))
}

func TestCheckChangeReturnsAPlainNilError(t *testing.T) {
	t.Parallel()
	got, err := changing(t).CheckChange(nil)
	require.True(t, err == nil, "no typed nil")
	require.Empty(t, got)
}

func TestOverrideKeepsEveryItemOnce(t *testing.T) {
	t.Parallel()
	p := changing(t)
	got := p.Override(
		map[string]any{"name": "was", "env": map[string]any{"quota": 1, "group": map[string]any{"a.b": true}}, "unknown.item": 1},
		map[string]any{"cluster.name": "is", "env.quota": json.Number("4")},
	)
	require.Equal(t, map[string]any{"cluster.name": "is", "env.quota": json.Number("4"), "env.group.a.b": true, "unknown.item": 1}, got)
	delete(got, "unknown.item")
	_, diags := p.Config.resolveValues(got, false)
	require.Empty(t, diags)
}
