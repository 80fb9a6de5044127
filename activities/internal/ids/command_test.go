package ids

import (
	"path"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseCommand(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]Command{
		"cl-a.7-ab12.CC4.start.cln-x":                  {Cluster: "cl-a", Operation: 7, Run: "ab12", Step: "CC4", Service: "start", Node: "cln-x"},
		"cl-a.12-ab.UP0.upgrade.pre_check.cln-x":       {Cluster: "cl-a", Operation: 12, Run: "ab", Step: "UP0", Service: "upgrade", PreCheck: true, Node: "cln-x"},
		"cl-a.1-ab.CC4.my-service-0f.cln-x.again-2":    {Cluster: "cl-a", Operation: 1, Run: "ab", Step: "CC4", Service: "my-service-0f", Node: "cln-x", Again: 2},
		"cl-a.1-ab.CC4.start.pre_check.cln-x.again-11": {Cluster: "cl-a", Operation: 1, Run: "ab", Step: "CC4", Service: "start", PreCheck: true, Node: "cln-x", Again: 11},
	} {
		got, ok := ParseCommand(id)
		require.True(t, ok, id)
		require.Equal(t, want, got, id)
		for pattern, matches := range map[string]bool{
			OfOperation("cl-a", 0, ""): true, OfOperation("cl-a", want.Operation, ""): true, OfOperation("cl-a", 0, want.Step): true,
			OfOperation("cl-a", 2, ""): false, OfOperation("cl-a", 0, "XX"): false, OfOperation("cl-b", 0, ""): false,
		} {
			is, err := path.Match(pattern, id)
			require.NoError(t, err)
			require.Equal(t, matches, is, "%s %s", pattern, id)
		}
	}
	require.True(t, Executes("cl-a.0-ab.exec.df.cln-x"))
	require.False(t, Executes("cl-a.1-ab.exec.df.cln-x"))
	for _, id := range []string{"", "backup.1", "cl-a.x-ab.CC4.start.cln-x", "cl-a.1-a.CC4.start", "cl-a.1-a.CC4.start.cln-x.again-x", "cl-a.1-a.CC4.start.n.o.p"} {
		_, ok := ParseCommand(id)
		require.False(t, ok, id)
	}
}
