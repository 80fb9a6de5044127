package confd

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryFunctionIsDescribed: those of templates and no others; Go's own that are unchanged are left to Go's documentation.
func TestEveryFunctionIsDescribed(t *testing.T) {
	t.Parallel()
	unchanged := []string{"html", "urlquery", "print", "printf", "println"}
	var want, have []string
	for name := range maps.Keys(newTemplates("/", &scope{}).funcs) {
		if !strings.HasPrefix(name, "_") && !slices.Contains(unchanged, name) {
			want = append(want, name)
		}
	}
	for _, f := range Functions() {
		name, _, _ := strings.Cut(f.Use, " ")
		have = append(have, name)
		require.NotEmpty(t, f.Meaning)
	}
	require.ElementsMatch(t, want, have)
}
