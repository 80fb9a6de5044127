package confd

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	_, err := n.CheckConfig(t.Context(), nil)
	require.True(t, fault.Is(err, fault.NotFound))
	n.resource("a", "1\n{{nosuch}}")
	n.resource("b", "x", `mode = "644"`)
	n.write("conf.d/c.toml", "[template]\n\nsrc = ")
	n.write("conf.d/d.toml", "[template]\nsrc='gone'\ndest='"+n.path("b")+"'\nkeys=['/']\n")
	n.resource("e", "{{seq 1 2}}")
	n.resource("ok", "{{getv \"/missing/is/not/known/here\"}}")
	problems, err := n.CheckConfig(t.Context(), nil)
	require.NoError(t, err)
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	require.Len(t, got, 6)
	require.Equal(t, `templates/a.tmpl:2: error: function "nosuch" not defined`, got[0])
	require.Equal(t, `conf.d/b.toml: warning: mode "644" has no leading 0, so it is decimal and means 0204; write "0644"`, got[1])
	require.Equal(t, `conf.d/b.toml: warning: writes the same file as d.toml, which wins`, got[2])
	require.Contains(t, got[3], "conf.d/c.toml:3: error: ")
	require.Contains(t, got[4], "conf.d/d.toml: error: src gone: ")
	require.Contains(t, got[5], "templates/e.tmpl:1: error: ")
}

// Resource files and templates that check-config refuses, and where.
func TestCheckConfigRefuses(t *testing.T) {
	t.Parallel()
	const head = "[template]\nsrc = 'a.tmpl'\ndest = '/x'\nkeys = ['/']\n"
	for _, c := range []struct{ name, resource, template, want string }{
		{"no TOML", "[template\n", "", "conf.d/a.toml:2: error"},
		{"key twice", head + "src = 'b'\n", "", "conf.d/a.toml:5: error"},
		{"not UTF-8", "[template]\nsrc = '\xff'\n", "", "conf.d/a.toml:2: error"},
		{"NUL", "[template]\nsrc = '\x00'\n", "", "conf.d/a.toml:2: error"},
		{"keys no list", "[template]\nsrc = 'a.tmpl'\ndest = '/x'\nkeys = '/'\n", "", "keys"},
		{"mode negative", head + "mode = '-1'\n", "", `mode "-1"`},
		{"mode huge", head + "mode = '0777777777777777'\n", "", `mode "0777777777777777"`},
		{"interval a list", head + "reload_cmd_timeout = [1]\n", "", "duration"},
		{"action never closed", head, "ok\n{{getv \"/a\"", "templates/a.tmpl:2: error"},
		{"end missing", head, "{{if true}}\n", "templates/a.tmpl:"},
		{"end too many", head, "\n\n{{end}}", "templates/a.tmpl:3: error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t)
			n.write("conf.d/a.toml", c.resource)
			n.write("templates/a.tmpl", c.template)
			problems, err := n.CheckConfig(t.Context(), nil)
			require.NoError(t, err)
			var errs []string
			for _, p := range problems {
				if p.Severity == SeverityError {
					errs = append(errs, p.String())
				}
			}
			require.Contains(t, strings.Join(errs, "\n"), c.want)
		})
	}
}

func TestReadKeysRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "hello"} {
		_, err := ReadKeys(strings.NewReader(text))
		require.ErrorContains(t, err, "keys")
	}
}

// A template that reads what no cluster publishes renders nothing, or fails on its node: lint says so first.
func TestCheckConfigNamesKeysThatNoClusterHas(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/host/ip"}}
{{range ls "/nowhere"}}{{with getvs (printf "/nowhere/%s/x*" .)}}{{index . 0}}{{end}}{{end}}
{{if exists "/cluster/resource_limits/cpu"}}{{else}}{{$key := "/nowhere"}}{{getv $key}}{{get (printf "%s/x" $key)}}{{end}}
{{define "part"}}{{gets "/nowhere/*"}}{{end}}`)
	n.write("conf.d/b.toml", "[template]\nsrc='a.tmpl'\ndest='"+n.path("b")+"'\nkeys=['/host', '/nowhere']\n")
	problems, err := n.CheckConfig(t.Context(), func(key string) bool { return strings.HasPrefix(key, "/host") })
	require.NoError(t, err)
	got := map[string]bool{}
	for _, p := range problems {
		got[p.String()] = true
	}
	never := func(place, key string) string {
		return place + ": warning: " + "no cluster has the key " + key + ": Drover does not publish it"
	}
	require.Equal(t, map[string]bool{
		never("templates/a.tmpl:2", "/nowhere"):                                                     true,
		never("templates/a.tmpl:2", "/nowhere/"):                                                    true,
		never("templates/a.tmpl:3", "/cluster/resource_limits/cpu"):                                 true,
		never("templates/a.tmpl:4", "/nowhere/*"):                                                   true,
		`conf.d/b.toml: warning: keys: no cluster has the key /nowhere: Drover does not publish it`: true,
		`conf.d/a.toml: warning: keys: no cluster has the key /: Drover does not publish it`:        true,
	}, got)
}
