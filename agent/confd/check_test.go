package confd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	_, err := n.CheckConfig(t.Context())
	require.True(t, fault.Is(err, fault.NotFound))
	n.resource("a", "1\n{{nosuch}}")
	n.resource("b", "x", `mode = "644"`)
	n.write("conf.d/c.toml", "[template]\n\nsrc = ")
	n.write("conf.d/d.toml", "[template]\nsrc='gone'\ndest='"+n.path("b")+"'\nkeys=['/']\n")
	n.resource("e", "{{seq 1 2}}")
	n.resource("ok", "{{getv \"/missing/is/not/known/here\"}}")
	problems, err := n.CheckConfig(t.Context())
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
