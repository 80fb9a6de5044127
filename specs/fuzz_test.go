package specs

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// fuzzConfig has an item of every kind under names that are short to hit.
const fuzzConfig = `{"properties": [{"key": "e", "properties": [
	{"key": "s", "type": "string", "default": "t\"<"}, {"key": "i", "type": "integer", "default": 1},
	{"key": "l", "type": "array", "default": [{"k": 1}, 2]}, {"key": "p", "type": "password", "default": "geheim1234"},
	{"key": "b", "type": "boolean", "default": false}, {"key": "n", "type": "number"}]}]}`

// FuzzTemplate: whatever the template, messages stand inside it, and what is accepted is JSON that renders again.
func FuzzTemplate(f *testing.F) {
	for _, dir := range []string{"lantern", "solo", "broken"} {
		text, err := readFile(filepath.Join("testdata", "packages", dir, TemplateFile))
		require.NoError(f, err)
		f.Add(string(text))
	}
	for _, text := range []string{
		`{"nodes": [{"count": {{e.i}}, "cpu": 1, "memory": 1}], "env": {"x": {{{e.s}}}, "y": [{{#e.l}}{{.}}{{/e.l}}]}}`,
		`{{#e.b}}{{^e.n}}{{=<% %>=}}<%e.p%>`, `{{{e.s}}: {{&e.p}}}`, "{{!\n}}{{e.s", `{"a":{{e.n}},"a":[]}`, "\ufeff", "{{e.l}}\xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, template string) {
		p := packageOf(t, fuzzConfig, template)
		c, diags, err := p.Render(t.Context(), nil)
		checkPlaces(t, p, diags)
		checkPlaces(t, p, Lint(t.Context(), p))
		text, _, jsonErr := p.RenderJSON(t.Context(), nil)
		require.Equal(t, err == nil, c != nil)
		if err != nil {
			require.NotEmpty(t, diags.Errors())
			return
		}
		require.NoError(t, jsonErr)
		require.True(t, json.Valid(text))
		require.NotEmpty(t, c.Roles)
	})
}

// FuzzConfig: whatever config.json says, reading it, its defaults and one value do not fail in unknown ways.
func FuzzConfig(f *testing.F) {
	f.Add(fuzzConfig, "1")
	for _, dir := range []string{"lantern", "solo", "broken"} {
		text, err := readFile(filepath.Join("testdata", "packages", dir, ConfigFile))
		require.NoError(f, err)
		f.Add(string(text), "x")
	}
	f.Add(configOf(`{"key": "a", "type": "number", "min": "1e99", "step": 0.1, "default": 1e400}`), "1e-300")
	f.Add(configOf(`{"key": "a", "type": "string", "pattern": "(?=a)(b|c)*$", "multichoice": 1, "separator": "ab", "range": [1, null, {}]}`), "abc")
	f.Fuzz(func(t *testing.T, config, given string) {
		p := packageOf(t, config, `{"nodes": [{"count": 1, "cpu": 1, "memory": 1}]}`)
		checkPlaces(t, p, Lint(t.Context(), p))
		values := map[string]any{}
		for i, it := range p.Config.Items {
			if len(it.Pattern) > 0 && len(given) > 8 {
				continue // a second for each backtracking pattern is long for a fuzzer
			}
			if found, ok := p.Config.Item(it.Path); ok && i < 5 {
				require.Same(t, it, found)
				values[it.Path] = given
			}
		}
		_, diags, _ := p.Render(t.Context(), values)
		checkPlaces(t, p, diags)
	})
}

// FuzzArchive: whatever the archive, it is refused or gives a package of small files.
func FuzzArchive(f *testing.F) {
	f.Add(tarOf(f, ""))
	f.Add(gzipOf(f, tarOf(f, "a/")))
	f.Add(zipOf(f, "a/"))
	f.Add([]byte("BZh91AY&SY"))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := FromArchive("fuzz", bytes.NewReader(text))
		if err != nil {
			require.Nil(t, p)
			return
		}
		for name, content := range p.files {
			require.True(t, wanted(name), name)
			require.LessOrEqual(t, len(content), maxFile)
		}
		packed, err := p.Archive()
		require.NoError(t, err)
		again, err := FromArchive("again", bytes.NewReader(packed))
		require.NoError(t, err)
		require.Equal(t, p.files, again.files)
	})
}

// checkPlaces checks that every message stands at a place that exists.
func checkPlaces(t *testing.T, p *Package, diags Diagnostics) {
	t.Helper()
	for _, d := range diags {
		require.NotEmpty(t, d.Message)
		if d.File == "" || d.Line == 0 {
			continue
		}
		text := p.files[d.File]
		rows := bytes.Split(text, []byte("\n"))
		require.LessOrEqual(t, d.Line, len(rows), d.String())
		require.LessOrEqual(t, d.Col, utf8.RuneCount(rows[d.Line-1])+1, d.String())
		require.Positive(t, d.Col)
		if d.File == TemplateFile {
			require.NotContains(t, d.Message, "geheim1234")
		}
	}
}
