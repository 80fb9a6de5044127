package static

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
)

// Every new instance gets a host of its own, and hosts that are too small are named, without any being reserved.
func TestCapacityCountsHosts(t *testing.T) {
	t.Parallel()
	p := over(t, hostsFile(t, 3), &memory{}, answers{})
	_, err := p.CreateInstance(t.Context(), specOf(t, "i-0", "cl-0"))
	require.NoError(t, err)
	demand := func(n int) []string {
		var d providers.Demand
		for i := range n {
			d.New = append(d.New, specOf(t, fmt.Sprintf("i-%d", i), "cl-0"))
		}
		short, err := p.CheckCapacity(t.Context(), d)
		require.NoError(t, err)
		return short.Problems
	}
	require.Empty(t, demand(3), "one has its host already")
	lacking := demand(6)
	require.Len(t, lacking, 2)
	require.Contains(t, lacking[0], "no free host fits instance i-3")
	require.Contains(t, lacking[0], "host h1 has instance i-0 of cluster cl-0")
	require.Equal(t, "provider static: 2 further instances have no host either, of 6", lacking[1])
	require.Empty(t, demand(3))
}
