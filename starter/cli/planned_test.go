package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/starter/output"
	"drover/workflows/api"
)

func TestValueLines(t *testing.T) {
	t.Parallel()
	require.Empty(t, valueLines(nil))
	require.Empty(t, valueLines(&api.ValueChanges{}))
	require.Equal(t, output.Lines{
		"Values:",
		"  new      env.license = (hidden)",
		`  set      env.mode = "safe"`,
		"  dropped  env.day",
		`  kept     env.layout = "rows"; new clusters get "columns"`,
		"  kept     cluster.a.count = 4, although the version does not allow it to new clusters: value 4 is not allowed",
		"  kept     env.a, env.b",
	}, valueLines(&api.ValueChanges{
		New: []api.ValueView{{Path: "env.license", Value: "(hidden)"}}, Set: []api.ValueView{{Path: "env.mode", Value: `"safe"`}}, Dropped: []string{"env.day"},
		Kept: []api.ValueView{
			{Path: "env.a", Value: "1"}, {Path: "env.layout", Value: `"rows"`, Default: `"columns"`},
			{Path: "cluster.a.count", Value: "4", Default: "3", Note: "value 4 is not allowed"}, {Path: "env.b", Value: "2"},
		},
	}))
}
