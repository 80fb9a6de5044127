package specs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConfigProblems: what is said about config.json, and where.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, config string
		sev          Severity
		want         string
	}{
		{"byte order mark", "\ufeff{}", SeverityError, "config.json:1:1: the file starts with a UTF-8 byte order mark (BOM"},
		{"not JSON", "{\n\"properties\": [,]}", SeverityError, "config.json:2:16: not valid JSON: invalid character ','"},
		{"cut short", "{\n", SeverityError, "config.json:1:2: not valid JSON: unexpected end"},
		{"comma too many", "{\"properties\": [1,\n]}", SeverityError, "config.json:2:1: not valid JSON: invalid character ']' looking for beginning of value: remove the comma before it"},
		{"no properties", `{"type": "array"}`, SeverityError, "expected an object"},
		{"a list", `[]`, SeverityError, "expected an object"},
		{"properties no list", `{"properties": {}}`, SeverityError, "expected an object"},
		{"group no list", `{"properties": [{"key": "env", "properties": 1}]}`, SeverityError, `env: "properties" must be a list, found a number`},
		{"entry no object", `{"properties": [{"key": "env", "properties": ["x"]}]}`, SeverityError, "env: expected an object describing an item, found a string"},
		{"no key", configOf(`{"type": "string"}`), SeverityError, `env: an item needs a "key"`},
		{"key no string", configOf(`{"key": 4, "type": "string"}`), SeverityError, `env: an item needs a "key"`},
		{"pattern", configOf(`{"key": "a", "type": "string", "pattern": "(?<"}`), SeverityError, `env.a: pattern "(?<" does not compile`},
		{"required in words", configOf(`{"key": "a", "type": "string", "required": "perhaps"}`), SeverityWarning, `required should be "yes" or "no", found "perhaps"`},
		{"item at the top", `{"properties": [{"key": "a", "type": "string"}]}`, SeverityWarning, "expected a group"},
		{"duplicate key", configOf(`{"key": "a", "type": "integer", "type": "string"}`), SeverityWarning, "duplicate key; the last one is used"},
		{"duplicate item", configOf(`{"key": "a", "type": "string"},` + "\n" + `{"key": "a", "type": "integer"}`), SeverityWarning, "config.json:2:1: env.a: duplicate item, first defined in line 1"},
		{"unknown type", configOf(`{"key": "a", "type": "date"}`), SeverityWarning, `unknown type "date"`},
		{"never used", configOf(`{"key": "a", "type": "string"}`), SeverityWarning, "env.a: the item is not used in cluster.json.mustache"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := packageOf(t, tc.config, `{"nodes": [{"count": 1, `+role+`}]}`)
			lint := Lint(t.Context(), p)
			require.Contains(t, lines(lint.only(tc.sev)), tc.want)
			_, _, err := p.Render(t.Context(), map[string]any{"some.value": 1})
			if tc.sev == SeverityError {
				require.ErrorContains(t, err, tc.want)
			}
			require.Equal(t, tc.sev == SeverityError, lint.HasErrors())
		})
	}
}

// TestUnreadableConfigIsOneProblem: without config.json every placeholder and value would be unknown; that is not said.
func TestUnreadableConfigIsOneProblem(t *testing.T) {
	t.Parallel()
	p := packageOf(t, "{", `{"name": {{cluster.name}}, "x": {{env.x}}}`)
	_, diags, err := p.Render(t.Context(), map[string]any{"env.x": 1})
	require.Error(t, err)
	require.Len(t, diags, 1)
	require.Len(t, Lint(t.Context(), p), 1)
}

func TestItems(t *testing.T) {
	t.Parallel()
	p := packageOf(t, `{"properties": [{"key": "service_params", "properties": []}, {"key": "env", "properties": [
		{"key": "a.b", "label": "A", "description": "d", "type": "integer", "changeable": "no", "min": 1, "auto_scale_step": 2, "limits": {"x": []}},
		{"key": "c", "type": "string", "changeable": true, "multichoice": "true", "separator": "; "}]}]}`, `{}`)
	a, ok := p.Config.Item("env.a.b")
	require.True(t, ok)
	require.False(t, a.Changeable)
	require.Equal(t, "A", a.Label)
	require.Equal(t, `{"x":[]}`, string(a.Attributes["limits"]))
	require.Contains(t, a.Attributes, "auto_scale_step")
	c, ok := p.Config.Item("env.c")
	require.True(t, ok)
	require.True(t, c.Changeable && c.MultiChoice)
	require.Equal(t, "; ", c.Separator)
	_, ok = p.Config.Item("a.b")
	require.False(t, ok)
}

// TestSamplesOfLint: a required item without default does not hide what else is wrong.
func TestSamplesOfLint(t *testing.T) {
	t.Parallel()
	p := packageOf(t, `{"properties": [{"key": "cluster", "properties": [{"key": "n", "properties": [
		{"key": "count", "type": "integer", "required": "yes", "min": 3},
		{"key": "cpu", "type": "integer", "required": "yes", "range": [2, 4]},
		{"key": "memory", "type": "integer", "required": "yes"}]}]},
		{"key": "env", "properties": [{"key": "user", "type": "string", "pattern": "^[A-Z]", "required": "yes"},
		{"key": "on", "type": "boolean", "required": "yes"}, {"key": "list", "type": "array", "required": "yes"}]}]}`,
		`{"nodes": [{"role": "n", "count": {{cluster.n.count}}, "cpu": {{cluster.n.cpu}}, "memory": {{cluster.n.memory}}, "services": {"start": {"timeout": -1}}}],
		"env": {"user": {{env.user}}, "on": {{env.on}}, "list": {{env.list}}}}`)
	lint := Lint(t.Context(), p)
	require.Len(t, lint.Errors(), 1)
	require.Contains(t, lint.Errors()[0].String(), "nodes[0].services.start.timeout: -1 is not allowed")
	require.Len(t, lint.Warnings(), 6+1, "six samples, no container")
}

func TestLocaleProblems(t *testing.T) {
	t.Parallel()
	p, err := newPackage("test", files{
		ConfigFile: []byte(`{"properties": []}`), TemplateFile: []byte(`{"nodes": [{"count": 1, ` + role + `}]}`),
		"locale/a.json": []byte("{"), "locale/b.json": []byte("[]"), "locale/c.json": []byte("\ufeff{}"),
		"locale/d.json": []byte(`{"x": 1, "y": "a", "y": "b"}`),
	})
	require.NoError(t, err)
	lint := Lint(t.Context(), p)
	require.Equal(t, []string{
		"warning locale/a.json:1:2: not valid JSON: unexpected end of JSON input; the file is ignored",
		"warning locale/b.json:1:1: expected an object of strings, found a list; the file is ignored",
		"warning locale/c.json:1:1: the file starts with a UTF-8 byte order mark (BOM, bytes EF BB BF); save it as UTF-8 without BOM; the file is ignored",
		"warning locale/d.json:1:2: x: expected a string, found a number; the entry is ignored",
		"warning locale/d.json:1:20: y: duplicate key; the last one is used",
	}, split(lines(lint)))
	_, _, err = p.Render(t.Context(), nil)
	require.NoError(t, err, "texts are not needed to render")
}
