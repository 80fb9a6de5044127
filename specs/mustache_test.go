package specs

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cbroglie/mustache"
	"github.com/stretchr/testify/require"
)

// These tests record what docs/decisions/2026-11-29-mustache.md says about rendering with the mustache library. They fail
// when a version of the library removes one of the reasons for this package's own reader.

// encoded is a value as the library prints it: the JSON encoding instead of Go's notation.
type encoded struct{ value any }

// Format implements fmt.Formatter. The library takes a method without arguments for a key, so String would hide one.
func (e encoded) Format(out fmt.State, _ rune) { _, _ = out.Write(EncodeJSON(e.value)) }

// nested turns flattened keys into the maps the library walks: a.b.c becomes a, then b, then c. It also returns the keys that
// have no place because a shorter key is a value already.
func nested(values settings) (context map[string]any, lost []string) {
	context = map[string]any{}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		at, names := context, strings.Split(path, ".")
		for i, name := range names {
			if i == len(names)-1 {
				at[name] = encoded{values[path]}
				break
			}
			if at[name] == nil {
				at[name] = map[string]any{}
			}
			next, isMap := at[name].(map[string]any)
			if !isMap {
				lost = append(lost, path)
				break
			}
			at = next
		}
	}
	return context, lost
}

// byLibrary renders a template with the library, which escapes nothing and reads no partials.
func byLibrary(t *testing.T, template string, values settings) string {
	t.Helper()
	parsed, err := mustache.ParseStringPartialsRaw(template, &mustache.StaticProvider{}, true)
	require.NoError(t, err)
	context, _ := nested(values)
	text, err := parsed.Render(context)
	require.NoError(t, err)
	return text
}

// TestMustacheRendersPlainPlaceholders: with nested maps and a formatter the library renders real packages without sections
// byte for byte as this package does.
func TestMustacheRendersPlainPlaceholders(t *testing.T) {
	t.Parallel()
	for _, dir := range corpus(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			p, err := Open(dir)
			require.NoError(t, err)
			r := p.render(t.Context(), corpusValues[filepath.Base(dir)], true)
			own, diags := execute(t.Context(), r.template, r.tags, p.Config, r.values)
			require.Empty(t, diags)
			require.Equal(t, string(own.text), byLibrary(t, p.Template, r.values))
		})
	}
}

// TestMustacheReportsNoPlace: one wrong placeholder, in a line like one of a real package. This package reports file, line, column
// and the whole name; the library reports the last part of the name, and only when a variable of the whole process is changed.
func TestMustacheReportsNoPlace(t *testing.T) {
	t.Parallel()
	const template = "{\n  \"env\": {\n    \"4lw.commands.whitelist\": {{env.4lw.commands.whitelst}}\n  },\n  \"x\": {{env.4lw.comands.whitelist}}\n}"
	p := packageOf(t, configOf(`{"key": "4lw.commands.whitelist", "type": "string", "default": "ruok"}`), template)
	_, diags, err := p.Render(t.Context(), nil)
	require.Error(t, err)
	require.Equal(t, []string{
		`cluster.json.mustache:3:31: env.4lw.commands.whitelst: unknown placeholder: config.json has no item "env.4lw.commands.whitelst" (did you mean env.4lw.commands.whitelist?)`,
		`cluster.json.mustache:5:8: env.4lw.comands.whitelist: unknown placeholder: config.json has no item "env.4lw.comands.whitelist" (did you mean env.4lw.commands.whitelist?)`,
	}, []string{diags[0].String(), diags[1].String()})

	require.Len(t, diags, 2)
	text := byLibrary(t, template, settings{"env.4lw.commands.whitelist": "ruok"})
	require.Contains(t, text, `"4lw.commands.whitelist": `+"\n", "no value and no error")
}

// TestMustacheReadsOtherwise: templates that are legal here and that the library renders to something else.
func TestMustacheReadsOtherwise(t *testing.T) {
	t.Parallel()
	values := settings{"env.web": "short", "env.web.console.enabled": true, "env.name": "n", "env.off": false, "env.zero": json.Number("0")}
	config := &Config{}
	for _, tc := range []struct{ what, template, here, library string }{
		{"a key that begins another key", `[{{env.web}},{{env.web.console.enabled}}]`, `["short",true]`, `["short",]`},
		{"a placeholder as the key of an object", `{"a": {{{env.name}}: 1}, "b": {{{env.name}}}}`, `{"a": {"n": 1}, "b": "n"}`, `{"a": }`},
		{"a section over false", `[{{#env.off}}1{{/env.off}}]`, `[]`, `[1]`},
		{"a section over 0", `[{{#env.zero}}1{{/env.zero}}]`, `[]`, `[1]`},
	} {
		src := newSource("t", []byte(tc.template))
		tags, diags := parseTemplate(src)
		require.Empty(t, diags, tc.what)
		own, diags := execute(t.Context(), src, tags, config, values)
		require.Empty(t, diags, tc.what)
		require.Equal(t, tc.here, string(own.text), tc.what)
		require.Equal(t, tc.library, byLibrary(t, tc.template, values), tc.what)
	}
}
