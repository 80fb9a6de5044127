package badinput

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/specs"
)

// items of the package whose values and texts are broken.
const items = `{"key": "i", "type": "integer", "default": 3, "min": 1, "max": 9}, {"key": "n", "type": "number", "default": 1.5},
	{"key": "b", "type": "boolean", "default": true}, {"key": "s", "type": "string", "default": "x", "range": ["x", "y"]},
	{"key": "l", "type": "array", "default": ["a"]}, {"key": "w", "type": "string", "default": "a", "pattern": "^(a+)+$"},
	{"key": "p", "type": "password", "default": "secret-1", "pattern": "^[a-z0-9-]+$"}`

const config = `{"type": "array", "properties": [{"key": "env", "type": "array", "properties": [` + items + `]}]}`

const template = `{"name": "bad", "vxnet": "net", "nodes": [{"count": 1, "cpu": 1, "memory": 512,
"container": {"type": "fake", "image": "img"}, "services": {"start": {"cmd": "run"}}, "advanced_actions": ["scale_horizontal"]}],
"env": {"i": {{env.i}}, "n": {{env.n}}, "b": {{env.b}}, "s": {{env.s}}, "w": {{env.w}}, "p": {{env.p}}, "l": {{env.l}}}}`

func packageOf(t *testing.T, config, template string) (*specs.Package, error) {
	return specs.FromArchive("p.tgz", bytes.NewReader(tarOf(t, member{name: specs.ConfigFile, text: config}, member{name: specs.TemplateFile, text: template})))
}

func rendered(t *testing.T, config, template string, values map[string]any) error {
	p, err := packageOf(t, config, template)
	if err == nil {
		_, _, err = p.Render(values)
	}
	return err
}

// node is a cluster.json whose one role has the given fields in place of good ones.
func node(t *testing.T, fields string) string {
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

func packageCases(t *testing.T) []refusal {
	var out []refusal
	for _, c := range []struct{ name, config, tells string }{
		{"empty config", "", "config.json:1:1"},
		{"config cut short", config[:60], "config.json:1:"},
		{"config with a byte order mark", "\ufeff" + config, "config.json:1:1"},
		{"config in UTF-16", "\xff\xfe{\x00}\x00", "UTF-16"},
		{"config not UTF-8", "{\"properties\": [\"\xe7\"]}", "config.json:1:18"},
		{"config with NaN", `{"properties": [{"key": "a", "type": "number", "default": NaN}]}`, "config.json:1:"},
		{"config is a list", `[]`, "config.json:1:1: expected an object"},
		{"config is null", `null`, "expected an object"},
		{"config is a text", `"x"`, "config.json:1:1: expected an object"},
		{"config nested too deep", strings.Repeat(`{"properties":[`, 2000), "config.json"},
		{"config with a comment", "{ // no\n}", "config.json:1:3"},
		{"config with a comma too many", "{\"properties\": [],\n}", "config.json:2:1"},
	} {
		out = append(out, refusal{c.name, func(t *testing.T) error { return rendered(t, c.config, template, nil) }, fault.Invalid, []string{c.tells}})
	}
	for _, c := range []struct{ name, template, tells string }{
		{"empty template", "", "cluster.json.mustache:1:1"},
		{"template with a byte order mark", "\ufeff" + template, "byte order mark"},
		{"template not UTF-8", "{\n\"a\": \"\xe7\"}", "2:7"},
		{"template with NUL", "{\"a\":\x00}", "1:6"},
		{"tag never closed", "{\n\"a\": {{env.i", "2:6"},
		{"three braces closed with two", "{\"a\": {{{env.i}}", "1:8"},
		{"section never closed", "{{#env.b}}{", "1:1"},
		{"section closed twice", "{{#env.b}}{{/env.b}}{{/env.b}}{}", "1:21"},
		{"sections crossed", "{{#env.b}}{{#env.i}}{{/env.b}}{{/env.i}}", "env.i"},
		{"empty tag", "{\"a\": {{}}}", "1:7"},
		{"partial", "{\"a\": {{>other}}}", "1:7"},
		{"sections too deep", strings.Repeat("{{#env.b}}", 60), "deeper than 50"},
		{"values too deep", strings.Repeat("[", 200), "1:201"},
		{"text quoted twice", "{\"a\": \"{{env.s}}\"}", "a placeholder brings its own quotes"},
		{"comma missing", "{\"a\": {{env.i}}\n\"b\": 1}", "2:1"},
		{"rendered to a list", "[]", "expected an object, found a list"},
		{"rendered to nothing", "{{^env.b}}{}{{/env.b}}", "unexpected end of JSON input"},
		{"no nodes", `{"name": "x"}`, "nodes"},
		{"nodes is an object", `{"name": "x", "nodes": {}}`, "nodes"},
		{"nodes is empty", `{"name": "x", "nodes": []}`, "nodes"},
		{"node is a text", `{"name": "x", "nodes": ["a"]}`, "nodes[0]"},
		{"infinite number", `{"name": "x", "nodes": [{"count": 1e999}]}`, "nodes[0].count"},
	} {
		out = append(out, refusal{c.name, func(t *testing.T) error { return rendered(t, config, c.template, nil) }, fault.Invalid, []string{c.tells}})
	}
	for _, c := range []struct{ fields, tells string }{
		{`"count": -1`, "nodes[0].count: -1"},
		{`"count": 1.5`, "nodes[0].count"},
		{`"count": 99999999999999999999`, "nodes[0].count"},
		{`"count": 1e12`, "nodes[0].count"},
		{`"count": true`, "nodes[0].count"},
		{`"cpu": 0`, "nodes[0].cpu: 0"},
		{`"cpu": -4`, "nodes[0].cpu: -4"},
		{`"cpu": {}`, "nodes[0].cpu"},
		{`"memory": -512`, "nodes[0].memory: -512"},
		{`"memory": "much"`, "nodes[0].memory"},
		{`"role": "a/b"`, "nodes[0].role"},
		{`"role": "../x"`, "nodes[0].role"},
		{`"role": ["a"]`, "nodes[0].role"},
		{`"role": "a", "replica": -1`, "nodes[0].replica"},
		{`"volume": {"size": -1}`, "nodes[0].volume.size"},
		{`"volume": {"size": 10, "mount_point": "/data/../etc"}`, "mount point"},
		{`"volume": {"size": 10, "mount_point": "relative"}`, "mount point"},
		{`"volume": {"size": 10, "mount_point": 7}`, "mount_point"},
		{`"services": []`, "nodes[0].services"},
		{`"services": {"start": 5}`, "services.start"},
		{`"services": {"start": {"cmd": "x", "timeout": 0}}`, "services.start.timeout"},
		{`"services": {"start": {"cmd": "x", "timeout": 1e30}}`, "services.start.timeout"},
		{`"services": {"start": {"cmd": "x", "order": "first"}}`, "services.start.order"},
		{`"health_check": "yes"`, "health_check"},
		{`"health_check": {"enable": true, "check_cmd": "x", "interval_sec": -1}`, "health_check.interval_sec"},
		{`"server_id_upper_bound": 1, "count": 3`, "server ids"},
		{`"user_access": "perhaps"`, "true or false"},
		{`"advanced_actions": {}`, "advanced_actions"},
	} {
		out = append(out, refusal{c.fields, func(t *testing.T) error { return rendered(t, config, node(t, c.fields), nil) }, fault.Invalid, []string{c.tells}})
	}
	return out
}

func valueCases(*testing.T) []refusal {
	var out []refusal
	for _, c := range []struct {
		name, path string
		value      any
		tells      string
	}{
		{"integer out of words", "env.i", "three", "not an integer"},
		{"integer from a fraction", "env.i", 2.5, "not an integer"},
		{"integer too large", "env.i", "92233720368547758080", "64 bits"},
		{"integer with a huge exponent", "env.i", json.Number("1e999999999"), "is not a number"},
		{"integer below", "env.i", 0, "from 1 to 9"},
		{"integer above", "env.i", 10, "from 1 to 9"},
		{"integer negative", "env.i", "-3", "from 1 to 9"},
		{"integer empty", "env.i", "", "not an integer"},
		{"integer from a list", "env.i", []any{1}, "not an integer"},
		{"integer from an object", "env.i", map[string]any{"a": 1}, "env.i.a: no such item"},
		{"integer with a newline", "env.i", "3\n4", "not an integer"},
		{"number NaN", "env.n", "NaN", "not a number"},
		{"number NaN of Go", "env.n", math.NaN(), "env.n"},
		{"number infinite", "env.n", "Infinity", "not a number"},
		{"number infinite of Go", "env.n", math.Inf(1), "env.n"},
		{"number in hex", "env.n", "0x1p4", "not a number"},
		{"boolean from yes", "env.b", "yes", "true or false"},
		{"boolean from 2", "env.b", 2, "true or false"},
		{"string from a number", "env.s", 1, "in quotes"},
		{"string out of range", "env.s", "z", `allowed are "x", "y"`},
		{"string with shell characters", "env.s", "$(reboot)", "allowed are"},
		{"list from a number", "env.l", 5, "not a list"},
		{"list as broken JSON", "env.l", `["a"`, "written as JSON"},
		{"catastrophic pattern", "env.w", strings.Repeat("a", 60) + "!", "longer than 1s"},
		{"password against its pattern", "env.p", "hunter2 !", "must match"},
		{"unknown path", "env.none", 1, "env.none"},
		{"misspelt path", "evn.i", 1, "evn.i"},
		{"path of a group", "env", 1, "env"},
		{"path with dots", "env..i", 1, "env..i"},
		{"path climbing", "../env.i", 1, "../env.i"},
		{"empty path", "", 1, "no such item"},
		{"channel", "env.s", make(chan int), "cannot be a value"},
	} {
		tells := []string{c.tells}
		if !strings.Contains(c.tells, c.path) {
			tells = append(tells, c.path)
		}
		out = append(out, refusal{c.name, func(t *testing.T) error {
			err := rendered(t, config, template, map[string]any{c.path: c.value})
			if err != nil {
				require.NotContains(t, err.Error(), "hunter2")
			}
			return err
		}, fault.Invalid, tells})
	}
	return out
}
