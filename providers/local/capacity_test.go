package local

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
)

func TestUsableAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"127.77.0.0/16": 256 * 254, "127.77.0.0/24": 254, "127.77.0.0/28": 15, "127.77.0.16/28": 15, "127.77.0.240/29": 7, "127.77.0.248/29": 6} {
		require.Equal(t, want, usable(netip.MustParsePrefix(text)), text)
	}
}

// Sizes of volumes are recorded only: more than the disk has is a warning.
func TestCapacityWarnsOfVolumes(t *testing.T) {
	t.Parallel()
	p := &Provider{options: Options{StateDir: t.TempDir()}}
	short, err := p.CheckCapacity(t.Context(), providers.Demand{VolumeGiB: 1 << 40})
	require.NoError(t, err)
	require.Empty(t, short.Problems)
	require.Len(t, short.Warnings, 1)
	require.Contains(t, short.Warnings[0], "GiB are free in "+p.options.StateDir)
}
