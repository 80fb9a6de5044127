package specs

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// TestValueOfType: what is accepted for a type, and as which env text it is published.
func TestValueOfType(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, item string
		value      any
		want       string // env text; with bad: part of the message
		bad        bool
	}{
		{"integer from a command line", `"type": "integer"`, "3", "3", false},
		{"integer from JSON", `"type": "integer"`, 3.0, "3", false},
		{"integer from a decoder with numbers", `"type": "integer"`, json.Number("-12"), "-12", false},
		{"integer from Go", `"type": "integer"`, int64(1) << 40, "1099511627776", false},
		{"integer, unsigned", `"type": "integer"`, uint16(9), "9", false},
		{"integer with exponent", `"type": "integer"`, json.Number("1e3"), "1000", false},
		{"integer from words", `"type": "integer"`, "three", `value "three" is not an integer`, true},
		{"integer from a fraction", `"type": "integer"`, 3.5, "value 3.5 is not an integer", true},
		{"integer from text fraction", `"type": "integer"`, "3.0", "not an integer", true},
		{"integer from nothing", `"type": "integer"`, "", "not an integer", true},
		{"integer from a boolean", `"type": "integer"`, true, "not an integer", true},
		{"integer from a list", `"type": "integer"`, []any{1}, "not an integer", true},
		{"integer too long", `"type": "integer"`, "92233720368547758080", "64 bits", true},
		{"integer in hex", `"type": "integer"`, "0x10", "not an integer", true},
		{"number", `"type": "number"`, "0.40", "0.4", false},
		{"number, whole", `"type": "number"`, 2.0, "2", false},
		{"number NaN", `"type": "number"`, "NaN", "not a number", true},
		{"number from words", `"type": "number"`, "much", "not a number", true},
		{"boolean from a command line", `"type": "boolean"`, "True", "true", false},
		{"boolean", `"type": "boolean"`, false, "false", false},
		{"boolean from yes", `"type": "boolean"`, "yes", "true or false", true},
		{"boolean from 1", `"type": "boolean"`, 1, "true or false", true},
		{"string keeps digits", `"type": "string"`, "0010", "0010", false},
		{"string from a number", `"type": "string"`, 2.1, "write it in quotes", true},
		{"string from a list", `"type": "string"`, []string{"a"}, "not a string", true},
		{"string in range", `"type": "string", "range": ["a", "b"]`, "b", "b", false},
		{"string out of range", `"type": "string", "range": ["a", "b"]`, "c", `value "c" is not allowed: the allowed values are "a", "b"`, true},
		{"empty range", `"type": "string", "range": []`, "any", "any", false},
		{"integer in a range of strings", `"type": "integer", "range": ["1", "2"]`, "2", "2", false},
		{"number in range by value", `"type": "number", "range": [0.30, 0.5]`, "0.3", "0.3", false},
		{"boolean in range", `"type": "boolean", "range": [true]`, "false", "the allowed values are true", true},
		{"below min", `"type": "integer", "min": 1, "max": 5`, 0, "from 1 to 5", true},
		{"above max", `"type": "integer", "max": 5`, 6, "at most 5", true},
		{"at min", `"type": "integer", "min": 1`, 1, "1", false},
		{"under min only", `"type": "number", "min": 0.5`, 0.4, "at least 0.5", true},
		{"bounds as strings", `"type": "integer", "min": "2"`, 1, "at least 2", true},
		{"on a step", `"type": "number", "min": 0.1, "step": 0.1`, "0.7", "0.7", false},
		{"off a step", `"type": "integer", "min": 5, "step": 10`, 20, "5 plus a multiple of 10", true},
		{"off a step from zero", `"type": "integer", "step": 10`, 25, "a multiple of 10", true},
		{"step 0 means none", `"type": "integer", "step": 0`, 25, "25", false},
		{"pattern anywhere", `"type": "string", "pattern": "[0-9]"`, "ab1", "ab1", false},
		{"pattern missed", `"type": "string", "pattern": "^[0-9]+$"`, "ab1", "must match the pattern ^[0-9]+$", true},
		{"pattern with look-ahead", `"type": "string", "pattern": "^(?!admin)\\w+$"`, "administrator", "must match", true},
		{"pattern of an integer", `"type": "integer", "pattern": "^[13]$"`, 2, "must match", true},
		{"pattern that never ends", `"type": "string", "pattern": "^(a+)+$"`, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "longer than 1s", true},
		{"multichoice", `"type": "string", "range": ["a", "b", "c"], "multichoice": true`, "a,c", "a,c", false},
		{"multichoice with separator", `"type": "string", "range": ["a", "b"], "multichoice": true, "separator": "|"`, []any{"a", "b"}, "a|b", false},
		{"multichoice of numbers", `"type": "integer", "range": [1, 2], "multichoice": true`, []int{1, 2}, "1,2", false},
		{"multichoice out of range", `"type": "string", "range": ["a", "b"], "multichoice": true`, "a,x", `joined with ","`, true},
		{"multichoice none", `"type": "string", "range": ["a"], "multichoice": true, "required": "no"`, "", "", false},
		{"multichoice nested", `"type": "string", "range": ["a"], "multichoice": true`, []any{[]any{"a"}}, "plain values", true},
		{"array", `"type": "array"`, []any{"a", 1, true}, "a,1,true", false},
		{"array from a command line", `"type": "array"`, "a, b", "a,b", false},
		{"array as JSON", `"type": "array"`, `["a",2]`, "a,2", false},
		{"array as broken JSON", `"type": "array"`, `["a"`, "written as JSON", true},
		{"array from a number", `"type": "array"`, 1, "not a list", true},
		{"loadbalancer as string", `"type": "loadbalancer", "default": ""`, "lb-1", "lb-1", false},
		{"loadbalancer as list", `"type": "loadbalancer", "default": []`, "lb-1,lb-2", "lb-1,lb-2", false},
		{"eip", `"type": "eip"`, "eip-1", "eip-1", false},
		{"vxnet", `"type": "vxnet"`, []any{"vxnet-1"}, "vxnet-1", false},
		{"access key without its secret", `"type": "accesskey"`, "key", `an object with "access_key_id" and "secret_access_key"`, true},
		{"unknown type", `"type": "colour"`, "red", "red", false},
		{"text beyond ASCII", `"type": "string"`, "灯 \"<&>\" \\ \u2028\n\t", "灯 \"<&>\" \\ \u2028\n\t", false},
		{"required and emptied", `"type": "string", "default": "a", "required": "yes"`, "", "the value is empty", true},
		{"null is not given", `"type": "string", "default": "a"`, nil, "a", false},
		{"default out of its own range", `"type": "integer", "default": 9, "range": [1, 2]`, 9, "9", false},
		{"channel", `"type": "string"`, make(chan int), "cannot be a value", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := envPackage(t, "v", tc.item)
			c, _, err := p.Render(t.Context(), map[string]any{"env.v": tc.value})
			if tc.bad {
				require.ErrorContains(t, err, tc.want)
				require.ErrorContains(t, err, "env.v: ")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, c.Env["x"])
		})
	}
}

// TestDefaultOfType: the value of an omitted item.
func TestDefaultOfType(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, item, want, warning string }{
		{"string", `"type": "string"`, `""`, ""},
		{"password", `"type": "password"`, `""`, ""},
		{"multichoice", `"type": "integer", "multichoice": true`, `""`, ""},
		{"integer", `"type": "integer"`, `null`, ""},
		{"integer with an empty default", `"type": "integer", "default": ""`, `null`, ""},
		{"boolean with a null default", `"type": "boolean", "default": null`, `null`, ""},
		{"array", `"type": "array"`, `[]`, ""},
		{"service", `"type": "service"`, `""`, ""},
		{"integer as text", `"type": "integer", "default": "30"`, `30`, "it is converted"},
		{"boolean as text", `"type": "boolean", "default": "true"`, `true`, "it is converted"},
		{"string as number", `"type": "string", "default": 2.1`, `"2.1"`, "it is converted"},
		{"integer as words", `"type": "integer", "default": "some"`, `null`, "the default is ignored"},
		{"multichoice as list", `"type": "string", "multichoice": true, "separator": " ", "default": ["a", "b"]`, `"a b"`, ""},
		{"number", `"type": "number", "default": 0.4`, `0.4`, ""},
		{"large integer", `"type": "integer", "default": 1073741824000`, `1073741824000`, ""},
		{"out of range", `"type": "integer", "default": 3, "range": [1, 2]`, `3`, "the allowed values are 1, 2"},
		{"under min", `"type": "integer", "default": 0, "min": 1`, `0`, "at least 1"},
		{"against its pattern", `"type": "string", "default": "a", "pattern": "b"`, `"a"`, "must match the pattern b"},
		{"empty and optional", `"type": "string", "default": "", "pattern": "b"`, `""`, ""},
		{"empty and required", `"type": "string", "default": "", "required": "yes"`, `""`, "the default is empty"},
		{"no type", `"default": 4`, `4`, "missing type; number is assumed"},
		{"odd range", `"type": "integer", "default": 4, "range": "1-5"`, `4`, "range must be a list"},
		{"odd bound", `"type": "integer", "default": 4, "min": [1]`, `4`, "min must be a number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := envPackage(t, "v", tc.item)
			text, diags, err := p.RenderJSON(t.Context(), nil)
			require.NoError(t, err)
			var got struct{ Env map[string]json.RawMessage }
			require.NoError(t, json.Unmarshal(text, &got))
			require.Equal(t, tc.want, string(got.Env["x"]))
			if tc.warning == "" {
				require.Empty(t, diags)
				return
			}
			require.Len(t, diags, 1)
			require.Equal(t, SeverityWarning, diags[0].Severity)
			require.Contains(t, diags[0].Message, tc.warning)
		})
	}
}

// TestMissingRequired: every item without value is named, whatever way "required" is written, and nothing else.
func TestMissingRequired(t *testing.T) {
	t.Parallel()
	p := packageOf(t, configOf(`
		{"key": "a", "type": "string", "required": "yes", "pattern": "^x"},
		{"key": "b", "type": "integer", "required": true, "default": ""},
		{"key": "c", "type": "password", "required": "true"},
		{"key": "d", "type": "string", "required": "no"},
		{"key": "e", "type": "string", "required": false},
		{"key": "f", "type": "string", "required": "yes", "default": "there"},
		{"key": "g", "type": "string", "required": "Yes"}`),
		`{"nodes": [{"count": 1, `+role+`}]}`)
	_, _, err := p.Render(t.Context(), map[string]any{"env.g": "given"})
	var problems *Problems
	require.ErrorAs(t, err, &problems)
	var paths []string
	for _, d := range problems.Diagnostics {
		paths = append(paths, d.Path)
		require.Equal(t, ConfigFile, d.File)
		require.Positive(t, d.Line)
		require.Contains(t, d.Message, "required")
	}
	require.Equal(t, []string{"env.a", "env.b", "env.c"}, paths)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Len(t, fault.As(err).Problems, 3)

	require.Empty(t, Lint(t.Context(), p).Errors(), "a package may want values from its user")
	require.Len(t, Lint(t.Context(), p).Warnings(), 4+7, "four samples, seven items the template does not use")
}

// TestAllProblemsAtOnce: values, placeholders and paths are reported together.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	p := packageOf(t, `{"properties": [{"key": "cluster", "properties": [{"key": "etcd_node", "properties": [
		{"key": "count", "type": "integer", "default": 3, "range": [1, 3, 5]},
		{"key": "secret", "type": "password", "default": "", "pattern": "^[a-z]{12}$"}]}]}]}`,
		`{"nodes": [{"count": {{cluster.etcd_node.count}}, "x": {{cluster.etcd_node.cout}}, `+role+`}]}`)
	_, diags, err := p.Render(t.Context(), map[string]any{
		"etcd_node.count": "4", "etcd_node.cuont": 3, "cluster": "x", "nothing.like.this": 1, "etcd_node.secret": "Sesame-Open",
	})
	require.Error(t, err)
	require.ElementsMatch(t, []string{
		`cluster.etcd_node.count: value 4 is not allowed: the allowed values are 1, 3, 5`,
		`cluster.etcd_node.secret: value (hidden) is not allowed: it must match the pattern ^[a-z]{12}$`,
		`etcd_node.cuont: no such item in config.json (did you mean etcd_node.count?)`,
		`nothing.like.this: no such item in config.json`,
		`cluster: a group of items cannot have a value; use one of its items`,
		`cluster.etcd_node.cout: unknown placeholder: config.json has no item "cluster.etcd_node.cout" (did you mean cluster.etcd_node.count?)`,
	}, messages(diags))
	for _, part := range messages(diags) {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "Sesame")
	require.ErrorContains(t, errors.Unwrap(err), "test: 6 problems")
}

// TestValuePaths: one item can be named in several ways, and only once.
func TestValuePaths(t *testing.T) {
	t.Parallel()
	p := packageOf(t, `{"properties": [{"key": "cluster", "properties": [{"key": "n", "properties": [
		{"key": "count", "type": "integer", "default": 1},
		{"key": "lb", "type": "loadbalancer", "default": []}]}]},
		{"key": "env", "properties": [{"key": "a.b", "type": "string", "default": ""}]}]}`,
		`{"nodes": [{"role": "n", "count": {{cluster.n.count}}, "loadbalancer": {{cluster.n.lb}}, `+role+`}], "env": {"a": {{env.a.b}}}}`)
	for name, values := range map[string]map[string]any{
		"flat":      {"n.count": 2, "env.a.b": "x"},
		"whole":     {"cluster.n.count": "2", "env.a.b": "x"},
		"nested":    {"cluster": map[string]any{"n": map[string]any{"count": 2}}, "env": map[string]any{"a": map[string]string{"b": "x"}}},
		"mixed":     {"n": map[any]any{"count": 2}, "env": map[string]any{"a.b": "x"}},
		"no-prefix": {"n": map[string]any{"count": 2, "lb": []any{map[string]any{"id": "lb-1"}}}, "env.a.b": "x"},
		"empty":     {"n": map[string]any{"count": 2}, "env": map[string]any{"a.b": "x"}, "cluster": map[string]any{}},
	} {
		c, _, err := p.Render(t.Context(), values)
		require.NoError(t, err, name)
		require.Equal(t, 2, c.Roles[0].Count, name)
		require.Equal(t, "x", c.Env["a"], name)
	}
	_, _, err := p.Render(t.Context(), map[string]any{"n.count": 2, "cluster.n.count": 2})
	require.ErrorContains(t, err, "cluster.n.count: duplicate value, set as cluster.n.count and as n.count")
	_, _, err = p.Render(t.Context(), map[string]any{"m": map[string]any{}})
	require.ErrorContains(t, err, "m: no such item")
}
