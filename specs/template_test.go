package specs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cbroglie/mustache"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestPlaceholders: how a template's tags read, as the value of key "x" in the env of the result.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	const items = `
		{"key": "s", "type": "string", "default": "a<b>&\"c\""},
		{"key": "-p", "type": "integer", "default": 22},
		{"key": "4lw.commands", "type": "string", "default": "ruok"},
		{"key": "web.console.enabled", "type": "boolean", "default": true},
		{"key": "off", "type": "boolean", "default": false},
		{"key": "zero", "type": "integer", "default": 0},
		{"key": "empty", "type": "string", "default": ""},
		{"key": "ratio", "type": "number", "default": 0.4},
		{"key": "unset", "type": "integer"},
		{"key": "list", "type": "array", "default": ["a", "b"]},
		{"key": "none", "type": "array", "default": []},
		{"key": "objects", "type": "array", "default": [{"id": 1, "s": "inner"}, {"id": 2}]},
		{"key": "web", "type": "string", "default": "short"},
		{"key": "group", "properties": [{"key": "inner.key", "type": "integer", "default": 5}]}`
	for _, tc := range []struct{ template, want string }{
		{`{{env.s}}`, `"a<b>&\"c\""`},
		{`{{ env.s }}`, `"a<b>&\"c\""`},
		{"{{\tenv.s\r\n}}", `"a<b>&\"c\""`},
		{`{{{env.s}}}`, `"a<b>&\"c\""`},
		{`{{{ env.-p }}}`, `22`},
		{`{{&env.s}}`, `"a<b>&\"c\""`},
		{`{{& env.-p}}`, `22`},
		{`{{env.-p}}`, `22`},
		{`{{env.4lw.commands}}`, `"ruok"`},
		{`{{env.web.console.enabled}}`, `true`},
		{`{{env.web}}`, `"short"`},
		{`{{env.ratio}}`, `0.4`},
		{`{{env.unset}}`, `null`},
		{`{{env.list}}`, `["a","b"]`},
		{`{"a":{{env.-p}}}`, `{"a":22}`},
		{`{"a":{"b":{{env.-p}}}}`, `{"a":{"b":22}}`},
		{`{{{env.s}}: 1}`, `{"a<b>&\"c\"":1}`},
		{`{{! a comment, with " and { }}1`, `1`},
		{"{{!\n two lines\n}}1", `1`},
		{`"{{env.-p}}"`, `"22"`},
		{`{{#env.web.console.enabled}}1{{/env.web.console.enabled}}{{^env.web.console.enabled}}2{{/env.web.console.enabled}}`, `1`},
		{`{{#env.off}}1{{/env.off}}{{^env.off}}2{{/env.off}}`, `2`},
		{`{{# env.zero }}1{{/ env.zero }}{{^ env.zero}}2{{/env.zero}}`, `2`},
		{`{{#env.empty}}1{{/env.empty}}{{^env.empty}}2{{/env.empty}}`, `2`},
		{`{{#env.unset}}1{{/env.unset}}{{^env.unset}}2{{/env.unset}}`, `2`},
		{`{{#env.none}}1{{/env.none}}{{^env.none}}2{{/env.none}}`, `2`},
		{`[{{#env.list}}{{.}},{{/env.list}}0]`, `["a","b",0]`},
		{`[{{#env.objects}}{{id}},{{s}}{{^s}}{{env.-p}}{{/s}},{{/env.objects}}0]`, `[1,"inner",2,22,0]`},
		{`{{#env.-p}}{{.}}{{/env.-p}}`, `22`},
		{`{{#env.group}}{{inner.key}}{{/env.group}}`, `5`},
		{`{{#env}}{{#group}}{{inner.key}}{{/group}}{{/env}}`, `5`},
		{`{{^env.group}}1{{/env.group}}2`, `2`},
		{`{{#env.list}}{{#env.off}}x{{/env.off}}{{/env.list}}7`, `7`},
		{`{{=<% %>=}}<%env.-p%><%={{ }}=%>`, `22`},
	} {
		t.Run(tc.template, func(t *testing.T) {
			t.Parallel()
			template := strings.ReplaceAll(`{"nodes": [{"count": 1, `+role+`}], "x": TEMPLATE}`, "TEMPLATE", tc.template)
			if strings.Contains(tc.template, "{{s}}") {
				// the objects of a list may differ, placeholders must be there: only sections may ask
				template = strings.ReplaceAll(template, "{{s}}", "{{#s}}{{s}}{{/s}}")
			}
			c, _, err := packageOf(t, configOf(items), template).Render(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, tc.want, string(c.Extra["x"]))
		})
	}
}

// TestTemplateErrors: what is wrong, and where in the template.
func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, template, want string }{
		{"unknown name", "{\n  \"灯\": {{env.absent}}}", "cluster.json.mustache:2:8: env.absent: unknown placeholder"},
		{"nearly a name", "{{env.agee}}", "did you mean env.age?"},
		{"unknown in a section not taken", "{{#env.off}}{{env.gone}}{{/env.off}}1", "1:13: env.gone: unknown placeholder"},
		{"unknown section", "{{#env.gone}}{{/env.gone}}1", "env.gone: unknown placeholder"},
		{"unknown inverted section", "{{^env.gone}}{{/env.gone}}1", "env.gone: unknown placeholder"},
		{"unknown in a list", "[{{#env.objects}}{{idd}}{{/env.objects}}]", "1:18: idd: unknown placeholder"},
		{"dot outside sections", "{{.}}", "unknown placeholder"},
		{"a group without a value", "{{env}}", "unknown placeholder"},
		{"never closed", "{\"a\": {{env.age}", "1:7: {{ is never closed with }}"},
		{"closed by the next one", "{\"a\": {{env.age,\n\"b\": {{env.age}}}", "1:7: placeholder \"env.age,\" is not closed properly"},
		{"empty", "{{}}", "1:1: empty placeholder"},
		{"blank", "{{  }}", "1:1: empty placeholder"},
		{"partial", "1{{> header}}", "1:2: partials and blocks ({{> header}}) are not supported"},
		{"section left open", "{{#env.age}}\n1", "1:1: section env.age is never closed"},
		{"section closed twice", "1{{/env.age}}", "1:2: {{/env.age}} closes a section that is not open"},
		{"sections crossed", "{{#env.age}}\n{{/env.off}}", "2:1: {{/env.off}} closes the section env.age opened in line 1"},
		{"bad delimiters", "{{=<%=}}", "invalid change of delimiters"},
		{"comma too many", "{\n\"a\": {{env.text}},\n}", "3:1: not valid JSON after rendering: invalid character '}' looking for beginning of object key string: remove the comma before it"},
		{"comma missing", "{\n\"a\": {{env.text}}\n\"b\": {{env.age}}}", "3:1: not valid JSON after rendering: invalid character '\"' after object key:value pair: add a comma before it"},
		{"quotes around a string", "{\"a\":\n \"{{env.text}}\"}", "2:3: not valid JSON after rendering: invalid character 's' after object key:value pair: add a comma before it; remove the quotes around the placeholder: it renders its own"},
		{"cut short", "{\"a\": {{env.text}}", "1:19: not valid JSON after rendering: unexpected end of JSON input"},
		{"nothing", "", "1:1: not valid JSON after rendering: unexpected end of JSON input"},
		{"two documents", "{}\n{}", "2:1: not valid JSON after rendering"},
		{"behind a multi-line comment", "{{! one\ntwo }}{,", "2:8: not valid JSON"},
		{"byte order mark", "\ufeff{}", "1:1: the file starts with a UTF-8 byte order mark (BOM"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "UTF-16"},
		{"not UTF-8", "{\n\"a\": \"\xe7\"}", "2:7: the file is not UTF-8 text"},
		{"too deep", strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2), "nested deeper than 100 levels"},
		{"sections too deep", strings.Repeat("{{#env.age}}", maxSections+2), "sections nested deeper than 50"},
		{"not an object", "[1]", "expected an object, found a list"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := packageOf(t, configOf(`
				{"key": "age", "type": "integer", "default": 7},
				{"key": "off", "type": "boolean", "default": false},
				{"key": "text", "type": "string", "default": "some long text"},
				{"key": "objects", "type": "array", "default": [{"id": 1}]}`), tc.template)
			_, _, err := p.Render(t.Context(), nil)
			require.ErrorContains(t, err, tc.want)
			require.Contains(t, lines(Lint(t.Context(), p).Errors()), tc.want)
		})
	}
}

// TestAgainstMustache compares sections, comments and variables with the mustache library on templates whose names the
// library can look up as well (no dots, no dashes).
func TestAgainstMustache(t *testing.T) {
	t.Parallel()
	config, _ := parseConfig([]byte(`{"properties": [
		{"key": "yes", "type": "boolean", "default": true}, {"key": "no", "type": "boolean", "default": false},
		{"key": "text", "type": "string", "default": "t"}, {"key": "empty", "type": "string", "default": ""},
		{"key": "num", "type": "integer", "default": 7}, {"key": "list", "type": "array", "default": ["a", "b", "c"]},
		{"key": "none", "type": "array", "default": []}]}`))
	values, diags := config.resolveValues(nil, false)
	require.Empty(t, diags)
	forLibrary := map[string]any{}
	for k, v := range values {
		forLibrary[k] = v
		if n, ok := v.(json.Number); ok {
			forLibrary[k], _ = n.Int64()
		}
	}
	names := []string{"yes", "no", "text", "empty", "num", "list", "none"}
	rapid.Check(t, func(rt *rapid.T) {
		var piece func(depth int) string
		piece = func(depth int) string {
			name := rapid.SampledFrom(names).Draw(rt, "name")
			switch rapid.IntRange(0, 5).Draw(rt, "kind") {
			case 0, 1:
				return rapid.SampledFrom([]string{"x", " y ", "z\n", "[", "\""}).Draw(rt, "text")
			case 2:
				return "{{! note }}"
			case 3:
				return rapid.SampledFrom([]string{"{{num}}", "{{ num }}", "{{{num}}}", "{{&num}}"}).Draw(rt, "variable")
			}
			if depth == 0 {
				return "-"
			}
			mark := rapid.SampledFrom([]string{"#", "^"}).Draw(rt, "mark")
			return fmt.Sprintf("{{%s%s}}%s%s{{/%s}}", mark, name, piece(depth-1), piece(depth-1), name)
		}
		template := piece(4) + piece(4) + piece(3)
		parsed, err := mustache.ParseStringRaw(template, true)
		require.NoError(rt, err)
		want, err := parsed.Render(forLibrary)
		require.NoError(rt, err)
		src := newSource("t", []byte(template))
		tags, diags := parseTemplate(src)
		require.Empty(rt, diags)
		got, diags := execute(t.Context(), src, tags, config, values)
		require.Empty(rt, diags)
		clean := strings.NewReplacer("\n", "", " ", "").Replace // white space of standalone lines is kept here
		require.Equal(rt, clean(want), clean(string(got.text)), "template %q", template)
	})
}

// TestPositionsOfValues: whatever a message is about, its place is the one in the template.
func TestPositionsOfValues(t *testing.T) {
	t.Parallel()
	p := packageOf(t, configOf(`{"key": "long", "type": "string", "default": "`+strings.Repeat("0123456789", 20)+`"}`),
		"{{! first\n line }}{\r\n\t\"x-a\": {{env.long}}, \"x-b\": {{env.long}},\r\n\t\"nodes\": [{\"count\": -1, "+role+"}]}")
	_, diags, err := p.Render(t.Context(), nil)
	require.Error(t, err)
	require.Len(t, diags, 1)
	require.Equal(t, "cluster.json.mustache:4:22: nodes[0].count: -1 is not allowed: from 0 to 2147483647", diags[0].String())
}
