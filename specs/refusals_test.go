package specs

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// A package whose parts are replaced by broken ones.
const (
	soundConfig = `{"type": "array", "properties": [{"key": "env", "type": "array", "properties": [
	{"key": "i", "type": "integer", "default": 3, "min": 1, "max": 9}, {"key": "n", "type": "number", "default": 1.5},
	{"key": "b", "type": "boolean", "default": true}, {"key": "s", "type": "string", "default": "x", "range": ["x", "y"]},
	{"key": "p", "type": "password", "default": "secret-1", "pattern": "^[a-z0-9-]+$"}]}]}`
	soundTemplate = `{"name": "bad", "nodes": [{"count": 1, ` + role + `}],
"env": {"i": {{env.i}}, "n": {{env.n}}, "b": {{env.b}}, "s": {{env.s}}, "p": {{env.p}}}}`
)

// refused renders a package that must be refused as invalid, with a message that has these parts.
func refused(t *testing.T, config, template string, values map[string]any, parts ...string) {
	t.Helper()
	_, _, err := packageOf(t, config, template).Render(t.Context(), values)
	require.True(t, fault.Is(err, fault.Invalid), "%#v", err)
	for _, part := range parts {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "hunter2")
}

func TestRefusedConfigs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, config, want string }{
		{"empty config", "", "config.json:1:1"},
		{"config in UTF-16", "\xff\xfe{\x00}\x00", "UTF-16"},
		{"config not UTF-8", "{\"properties\": [\"\xe7\"]}", "config.json:1:18"},
		{"config with NaN", `{"properties": [{"key": "a", "type": "number", "default": NaN}]}`, "config.json:1:"},
		{"config is null", `null`, "expected an object"},
		{"config is a text", `"x"`, "config.json:1:1: expected an object"},
		{"config nested too deep", strings.Repeat(`{"properties":[`, 2000), "config.json"},
		{"config with a comment", "{ // no\n}", "config.json:1:3"},
	} {
		t.Run(tc.name, func(t *testing.T) { refused(t, tc.config, soundTemplate, nil, tc.want) })
	}
}

func TestRefusedTemplates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, template, want string }{
		{"template with NUL", "{\"a\":\x00}", "1:6"},
		{"three braces closed with two", "{\"a\": {{{env.i}}", "1:8"},
		{"values too deep", strings.Repeat("[", 200), "1:201"},
		{"text quoted twice", "{\"a\": \"{{env.s}}\"}", "remove the quotes around the placeholder: it renders its own"},
		{"rendered to nothing", "{{^env.b}}{}{{/env.b}}", "unexpected end of JSON input"},
		{"no nodes", `{"name": "x"}`, "nodes"},
		{"nodes is an object", `{"name": "x", "nodes": {}}`, "nodes"},
		{"nodes is empty", `{"name": "x", "nodes": []}`, "nodes"},
		{"node is a text", `{"name": "x", "nodes": ["a"]}`, "nodes[0]"},
		{"infinite number", `{"name": "x", "nodes": [{"count": 1e999}]}`, "nodes[0].count"},
	} {
		t.Run(tc.name, func(t *testing.T) { refused(t, soundConfig, tc.template, nil, tc.want) })
	}
}

// badNode is a cluster.json whose one role has the given fields in place of good ones.
func badNode(t *testing.T, fields string) string {
	t.Helper()
	all := map[string]any{
		"count": 1, "cpu": 1, "memory": 512, "container": map[string]any{"type": "fake", "image": "img"},
	}
	d := json.NewDecoder(strings.NewReader("{" + fields + "}"))
	d.UseNumber()
	require.NoError(t, d.Decode(&all))
	text, err := json.Marshal(map[string]any{"name": "bad", "nodes": []any{all}})
	require.NoError(t, err)
	return string(text)
}

func TestRefusedNodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ fields, want string }{
		{`"count": -1`, "nodes[0].count: -1"},
		{`"count": 99999999999999999999`, "nodes[0].count"},
		{`"count": 1e12`, "nodes[0].count"},
		{`"count": true`, "nodes[0].count"},
		{`"cpu": 0`, "nodes[0].cpu: 0"},
		{`"cpu": -4`, "nodes[0].cpu: -4"},
		{`"cpu": {}`, "nodes[0].cpu"},
		{`"memory": -512`, "nodes[0].memory: -512"},
		{`"memory": "much"`, "nodes[0].memory"},
		{`"role": "../x"`, "nodes[0].role"},
		{`"role": ["a"]`, "nodes[0].role"},
		{`"role": "a", "replica": -1`, "nodes[0].replica"},
		{`"volume": {"size": -1}`, "nodes[0].volume.size"},
		{`"volume": {"size": 10, "mount_point": 7}`, "mount_point"},
		{`"services": []`, "nodes[0].services"},
		{`"services": {"start": {"cmd": "x", "timeout": 0}}`, "services.start.timeout"},
		{`"services": {"start": {"cmd": "x", "timeout": 1e30}}`, "services.start.timeout"},
		{`"health_check": {"enable": true, "check_cmd": "x", "interval_sec": -1}`, "health_check.interval_sec"},
	} {
		t.Run(tc.fields, func(t *testing.T) { refused(t, soundConfig, badNode(t, tc.fields), nil, tc.want) })
	}
}

func TestRefusedValues(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, path string
		value      any
		want       string
	}{
		{"integer with a huge exponent", "env.i", json.Number("1e999999999"), "is not a number"},
		{"integer from an object", "env.i", map[string]any{"a": 1}, "env.i.a: no such item"},
		{"integer with a newline", "env.i", "3\n4", "not an integer"},
		{"number NaN of Go", "env.n", math.NaN(), "env.n"},
		{"number infinite", "env.n", "Infinity", "not a number"},
		{"number infinite of Go", "env.n", math.Inf(1), "env.n"},
		{"number in hex", "env.n", "0x1p4", "not a number"},
		{"password against its pattern", "env.p", "hunter2 !", "must match"},
		{"unknown path", "env.none", 1, "env.none"},
		{"misspelt path", "evn.i", 1, "evn.i"},
		{"path of a group", "env", 1, "env"},
		{"path with dots", "env..i", 1, "env..i"},
		{"path climbing", "../env.i", 1, "../env.i"},
		{"empty path", "", 1, "no such item"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			refused(t, soundConfig, soundTemplate, map[string]any{tc.path: tc.value}, tc.path, tc.want)
		})
	}
}
