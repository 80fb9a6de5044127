package main

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSourceTreesHaveTheirOwnAddresses(t *testing.T) {
	t.Parallel()
	require.Equal(t, addresses("/a"), addresses("/a"), "the same after a restart")
	seen := map[string]bool{}
	for _, root := range []string{"/a", "/b", "/home/ann/drover", "/home/ann/drover2", "/home/bob/drover"} {
		p, err := netip.ParsePrefix(addresses(root))
		require.NoError(t, err)
		require.Equal(t, p.Masked(), p, "a range begins where it says")
		for _, other := range []string{"127.77.0.0/16", "127.79.0.0/16", "127.128.0.0/9"} {
			require.False(t, p.Overlaps(netip.MustParsePrefix(other)), "%s, %s", p, other)
		}
		seen[p.String()] = true
	}
	require.Len(t, seen, 5)
}
