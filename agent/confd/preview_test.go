package confd

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPreview(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `v={{getv "/v"}}`, `mode = "0600"`, `owner = "no-such-user"`, `reload_cmd = "r"`)
	n.resource("b", `{{getv "/none"}}`)
	n.kv["/v"] = "new"
	files, warnings, err := n.Preview(t.Context(), n.kv)
	require.NoError(t, err)
	require.Equal(t, []string{"b.toml render"}, whats(warnings))
	require.Equal(t, []File{{Resource: "a.toml", Dest: n.path("a"), Mode: "0600", Content: "v=new", Reload: "r"}}, files)
	require.NoFileExists(t, n.path("a"))
}
