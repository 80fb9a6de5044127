package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Values are read as they were given, or refused without being repeated.
func FuzzValues(f *testing.F) {
	f.Add("a.count=3", `{"a":{"count":2}}`)
	f.Add("a.b.c=é=", "a:\n  b: {c: 1}\n")
	f.Add("=x", "a: &a [*a]\n")
	f.Add("no value", "{\"a\":1}{}")
	f.Fuzz(func(t *testing.T, assignment, text string) {
		file := filepath.Join(t.TempDir(), "values")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		flags := valueFlags{words: configWords, set: []string{assignment}, file: file}
		values, err := flags.read(strings.NewReader(""))
		path, value, ok := strings.Cut(assignment, "=")
		if err != nil {
			require.Nil(t, values)
			require.True(t, len(value) < 8 || strings.Contains(file, value) || !strings.Contains(err.Error(), value), "%v", err)
			return
		}
		require.True(t, ok)
		require.Equal(t, value, found(values, strings.TrimSpace(path)))
	})
}

// found looks a path up as a cluster's configuration would be: by every split of it.
func found(values map[string]any, path string) any {
	if v, ok := values[path]; ok {
		return v
	}
	for i := range path {
		if nested, ok := values[path[:i]].(map[string]any); ok && path[i] == '.' {
			if v := found(nested, path[i+1:]); v != nil {
				return v
			}
		}
	}
	return nil
}
