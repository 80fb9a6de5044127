package metadata_test

import (
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"drover/lifecycle"
	"drover/metadata"
	"drover/specs"
)

func TestDiffThenApply(t *testing.T) {
	t.Parallel()
	// Few keys and values, so that trees overlap.
	trees := rapid.MapOf(rapid.SampledFrom([]string{"self/a", "self/b", "self/c/d", "roles/r/env/e"}), rapid.SampledFrom([]string{"", "1", "2"}))
	rapid.Check(t, func(t *rapid.T) {
		from, to := metadata.Tree(trees.Draw(t, "from")), metadata.Tree(trees.Draw(t, "to"))
		kept := maps.Clone(from)
		change := metadata.Diff(from, to)
		require.Equal(t, to, change.Apply(from))
		require.Equal(t, kept, from, "Apply changes nothing in place")
		require.Equal(t, maps.Equal(from, to), change.Empty())
		for key, value := range change.Set {
			was, ok := from[key]
			require.False(t, ok && was == value, "%s is written without need", key)
		}
	})
}

// FuzzEnvNames: a name either becomes exactly one leaf below env, or is refused.
func FuzzEnvNames(f *testing.F) {
	for _, name := range []string{"a.b", "-p", "a b", "größe", "..", "a/b", "", "x\n", "\xff", "%2F", "?raw", "#"} {
		f.Add(name, "value")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		tree, err := metadata.Build(&lifecycle.Record{Spec: &specs.Cluster{Env: map[string]string{name: value}}})
		if err != nil {
			return
		}
		require.Equal(t, value, tree["self/env/"+name])
		require.True(t, utf8.ValidString(name))
		leaves := 0
		for key := range tree {
			if strings.HasPrefix(key, "self/env/") {
				leaves++
				require.Equal(t, 2, strings.Count(key, "/"))
			}
		}
		require.Equal(t, 1, leaves)
	})
}
