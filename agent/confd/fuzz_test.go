package confd

import (
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzParseResource(f *testing.F) {
	f.Add("[template]\nsrc='a'\ndest='/b'\nmode='0644'\nkeys=['/']\nreload_cmd_timeout='5s'\n")
	f.Add("[template\n")
	f.Add("[template]\nuid=-1\nmin_reload_interval=1e3\n[template.x]\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseResource("x.toml", []byte(text))
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, r.src)
		require.True(t, path.IsAbs(r.dest) && path.Clean(r.dest) == r.dest, r.dest)
		require.GreaterOrEqual(t, r.spacing, r.spacing*0)
		require.True(t, r.mode == nil || *r.mode <= 0o777)
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("/a/*/c", "/a/b/c\n/a/b\n/a/b/c/d")
	f.Add(`/a[^b]c/\*`, "/a/c/*")
	f.Add("*/a", "/a\n/")
	f.Add("/*?/é*", "/xy/éz")
	f.Fuzz(func(t *testing.T, pattern, keys string) {
		kv := map[string]string{}
		for _, key := range strings.Split(keys, "\n") {
			kv[cleanKey(key)] = ""
		}
		got, err := NewTree(kv).match(pattern)
		want, wantErr := bruteMatch(kv, pattern)
		require.Equal(t, wantErr, err != nil)
		if err == nil {
			require.Equal(t, want, got)
		}
	})
}

// Any template over any keys gives a text or an error, the same each time, and never a panic.
func FuzzRender(f *testing.F) {
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(f, err)
	var all struct{ Vectors []vector }
	require.NoError(f, json.Unmarshal(text, &all))
	for _, v := range all.Vectors {
		f.Add(v.Template, "/conf/heap=2048\n/nodes/db/n-1/ip=10.0.0.1")
	}
	f.Fuzz(func(t *testing.T, template, keys string) {
		for _, slow := range []string{"lookup", "datetime", "printf", "hostname", "repeat", "template", "seq"} {
			if strings.Contains(template, slow) {
				return // waits for the network, differs by nature, or is big by nature
			}
		}
		kv := map[string]string{}
		for _, line := range strings.Split(keys, "\n") {
			key, value, _ := strings.Cut(line, "=")
			kv[key] = value
		}
		tree := NewTree(kv)
		out, err := renderText(template, tree)
		again, errAgain := renderText(template, tree)
		require.Equal(t, err == nil, errAgain == nil)
		require.Equal(t, out, again)
	})
}
