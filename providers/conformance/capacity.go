package conformance

import (
	"slices"

	"github.com/stretchr/testify/require"

	"drover/providers"
)

// tooMany instances have no addresses, and no hosts, at any provider.
const tooMany = 70_000

// shortage asks a provider that knows its capacity.
func shortage(w *world) {
	c, knows := w.p.(providers.Capacity)
	if !knows {
		w.t.Skip("the provider does not know its capacity")
	}
	check := func(d providers.Demand) []string {
		w.t.Helper()
		short, err := c.CheckCapacity(w.t.Context(), d)
		require.NoError(w.t, err)
		return short.Problems
	}
	small := w.spec()
	large := small
	large.Size.Memory = 1 << 40
	if !w.Fixed { // other tests may have all hosts
		require.Empty(w.t, check(providers.Demand{New: []providers.InstanceSpec{small}, VolumeGiB: 1}))
		require.Empty(w.t, check(providers.Demand{Resized: []providers.InstanceSpec{small}, VolumeGiB: 1}))
	}
	all := slices.Repeat([]providers.InstanceSpec{small}, tooMany)
	for i := range all {
		all[i].ID = newID("i")
	}
	require.NotEmpty(w.t, check(providers.Demand{New: all}))
	if w.p.Capabilities().EnforcesMemory {
		require.Len(w.t, check(providers.Demand{Resized: []providers.InstanceSpec{large, large}}), 1)
		require.Len(w.t, check(providers.Demand{New: append(all, large)}), 2, "all problems at once")
	}
	require.Empty(w.t, w.list(), "nothing is made or reserved")
}
