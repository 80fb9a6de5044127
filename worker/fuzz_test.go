package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// A configuration file is refused as invalid, or names at least one provider and the default.
func FuzzProviders(f *testing.F) {
	example, err := os.ReadFile("../docs/drover.example.yaml")
	require.NoError(f, err)
	f.Add(example)
	f.Add([]byte("providers:\n  local:\n"))
	f.Add([]byte("default: x\nproviders: [local]\n"))
	f.Add([]byte("providers: &a {local: *a}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := parseProviders("drover.yaml", text)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			return
		}
		require.Contains(t, file.lines, file.Default)
	})
}
