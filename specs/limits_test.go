package specs

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// multiplied is a package whose template nests sections over a list of 60.
func multiplied(t testing.TB, depth int, inner string) *Package {
	t.Helper()
	list := "[" + strings.Repeat("1,", 59) + "1]"
	return packageOf(t, configOf(`{"key": "v", "type": "array", "default": `+list+`}`),
		`{"nodes": [{"count": 1, `+role+`}], "env": {"x": [`+
			strings.Repeat("{{#env.v}}", depth)+inner+strings.Repeat("{{/env.v}}", depth)+`]}}`)
}

// TestLimits: whatever a package holds, checking it ends soon, in little memory, and one line says which limit was reached.
// Not parallel: it measures.
func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 5000)
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, strings.ReplaceAll(format, "%d", "%[1]d"), i)
		}
		return b.String()
	}
	nodes := func(rest string) string { return `{"nodes": [{"count": 1, ` + role + `}]` + rest + `}` }
	env := `{"key": "v", "type": "string", "default": `
	for name, tc := range map[string]struct {
		config, template string
		want             string
	}{
		"steps":                 {"", multiplied(t, 9, "").Template, "executes more than 300000 tags"},
		"output":                {"", multiplied(t, 3, `"`+long+`",`).Template, "the rendered text is larger than 1024 KiB"},
		"unknown names":         {"", strings.Repeat("{{a}}", 150_000), "more than 200 errors"},
		"tags that are wrong":   {"", strings.Repeat("{{}}", 200_000), "more than 200 errors"},
		"long placeholder":      {"", "{{" + long + "}}", "a placeholder is longer than 512 bytes"},
		"long section":          {"", "{{#" + long + "}}{{/" + long + "}}", "the name of a section is longer than 512 bytes"},
		"values":                {"", nodes(`, "x": [` + strings.Repeat("0,", 120_000) + "0]"), "more than 100000 values"},
		"values of config.json": {configOf(env + `[` + strings.Repeat("0,", 120_000) + `0]}`), nodes(""), "more than 100000 values"},
		"keys given again":      {"", nodes(`, "` + long + `": {` + many(20_000, `"a": %d`) + `}`), "more than 200 warnings"},
		"deep":                  {"", nodes(`, "x": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000)), "nested deeper than 100 levels"},
		"roles":                 {"", `{"nodes": [` + many(51, `{"role": "r%d", "count": 1, `+role+`}`) + `]}`, "a cluster has at most 50 roles"},
		"nodes":                 {"", `{"nodes": [{"count": 1000000, ` + role + `}]}`, "a cluster has at most 1250 nodes"},
		"reserved ips":          {"", nodes(`, "endpoints": {"reserved_ips": {` + many(17, `"a%d": {"value": ""}`) + `}}`), "at most 16 reserved ips"},
		"errors of roles": {"", `{"health_check": {"enable": "` + strings.Repeat("y", 900_000) + `"}, "nodes": [` +
			many(50, `{"role": "r%d", "count": 1, `+role+`}`) + `]}`, "expected true or false"},
		"cluster": {"", `{"monitor": {"items": {"a": "` + strings.Repeat("y", 900_000) + `"}}, "nodes": [` +
			many(50, `{"role": "r%d", "count": 1, `+role+`}`) + `]}`, "more than 1024 KiB as JSON"},
		"env of replicas": {"", `{"nodes": [{"role": "r", "count": 1, "replica": 1, "env": {"a": "` + strings.Repeat("y", 900_000) + `"}, ` + role + `}]}`, "at most 1024 KiB can be stored"},
		"names of a monitor": {"", `{"monitor": {"items": {` + many(20_000, `"a%d": 1`) + `}, "display": [` + many(20_000, `"b%d"`) + `]}, "nodes": [` +
			many(50, `{"role": "r%d", "count": 1, `+role+`}`) + `]}`, "more than 200 warnings"},
		"items":         {configOf(many(6000, `{"key": "k%d", "type": "string"}`)), nodes(""), "more than 5000 items"},
		"path of items": {configOf(`{"key": "` + long + `", "type": "string"}`), nodes(""), "longer than 512 bytes"},
		"range": {configOf(env + `"` + strings.Repeat("z,", 200_000) + `", "multichoice": true, "range": [` + many(50_000, `"r%d"`) + `]}`),
			nodes(""), "violates the rules of the item"},
		"repetition":     {configOf(env + `"a", "pattern": "a{2147483647}"}`), nodes(""), "repeats more than 100000 times"},
		"long pattern":   {configOf(env + `"a", "pattern": "` + strings.Repeat("(", 100_000) + `"}`), nodes(""), "longer than 4096 bytes"},
		"matched value":  {configOf(env + `"` + strings.Repeat("a", 100_000) + `", "pattern": "(a|b)*c"}`), nodes(""), "longer than 64 KiB"},
		"pattern's time": {configOf(env + `"` + strings.Repeat("a", 40) + `", "pattern": "(a+)+$c"}`), nodes(""), "matching took longer than 1s"},
	} {
		if tc.config == "" {
			tc.config = string(multiplied(t, 1, "").files[ConfigFile])
		}
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			found := lines(Lint(t.Context(), packageOf(t, tc.config, tc.template)))
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			t.Logf("%.2f s, %d MiB allocated", took.Seconds(), (after.TotalAlloc-before.TotalAlloc)>>20)
			require.Contains(t, found, tc.want)
			require.Less(t, len(found), 2<<20)
			require.Less(t, took, 10*time.Second)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(768<<20), "all that was allocated, garbage included")
		})
	}
}

func TestPatternsShareTheirTime(t *testing.T) {
	t.Parallel()
	p := packageOf(t, configOf(`{"key": "v", "type": "string", "pattern": "a"}`), `{}`)
	it, _ := p.Config.Item("env.v")
	it.pattern.used.Store(int64(patternsTime) + 1)
	require.Contains(t, it.violations("a")[0], "the patterns of this package took more than 5s")
}

// TestALimitIsOneLine: the JSON that is cut off is not an error of its own; the fault is Invalid, so nothing retries.
func TestALimitIsOneLine(t *testing.T) {
	t.Parallel()
	_, diags, err := multiplied(t, 9, "").Render(t.Context(), nil)
	require.Len(t, diags.Errors(), 1)
	require.Len(t, Lint(t.Context(), multiplied(t, 9, "")).Errors(), 1)
	require.True(t, fault.Is(err, fault.Invalid))
	require.False(t, fault.As(err).Retryable)
	require.ErrorContains(t, err, "cluster.json.mustache:1:")
}

func TestRenderingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := multiplied(t, 4, "").Render(ctx, nil)
	require.ErrorContains(t, err, "interrupted: context canceled")
}

// TestNestedSectionsOfARealSizeRender: the limits are far from what packages do.
func TestNestedSectionsOfARealSizeRender(t *testing.T) {
	t.Parallel()
	c, _, err := multiplied(t, 2, "1,").Render(t.Context(), nil)
	require.ErrorContains(t, err, "remove the comma")
	require.Nil(t, c)
	_, _, err = multiplied(t, 2, "").Render(t.Context(), nil)
	require.NoError(t, err)
}

func TestFilesOfAPackageAreBounded(t *testing.T) {
	t.Parallel()
	f := files{ConfigFile: []byte(`{"properties": []}`), TemplateFile: []byte(`{}`)}
	for i := range maxLocales + 1 {
		f[fmt.Sprintf("locale/l%d.json", i)] = []byte(`{}`)
	}
	_, err := newPackage("p", f)
	require.ErrorContains(t, err, "101 files in locale; at most 100")
	require.True(t, fault.Is(err, fault.Invalid))
	for name := range f {
		f[name] = make([]byte, 100<<10)
	}
	delete(f, "locale/l0.json")
	_, err = newPackage("p", f)
	require.ErrorContains(t, err, "at most 4 MiB")
}
