package conformance

import (
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/providers"
)

func volumeTwice(w *world) {
	s := w.volumeSpec()
	first, err := w.p.CreateVolume(w.t.Context(), s)
	require.NoError(w.t, err)
	require.Equal(w.t, providers.Volume{ID: s.ID, Tags: s.Tags, SizeGiB: s.SizeGiB}, first)
	s.SizeGiB = 9
	again, err := w.p.CreateVolume(w.t.Context(), s)
	require.NoError(w.t, err)
	require.Equal(w.t, first, again, "an existing volume is returned unchanged")
	s = w.volumeSpec()
	s.SizeGiB = 0
	_, err = w.p.CreateVolume(w.t.Context(), s)
	requireFault(w, err, fault.Invalid)
	require.Equal(w.t, []providers.Volume{first}, w.list().Volumes)
}

func volumeGrow(w *world) {
	ctx := w.t.Context()
	v := w.volume()
	size := func(want int) {
		w.t.Helper()
		require.Equal(w.t, want, w.list().Volumes[0].SizeGiB)
	}
	require.NoError(w.t, w.p.GrowVolume(ctx, v.ID, 2))
	size(2)
	require.NoError(w.t, w.p.GrowVolume(ctx, v.ID, 2), "growing to the size it has succeeds")
	requireFault(w, w.p.GrowVolume(ctx, v.ID, 1), fault.Invalid)
	size(2)
	w.create(w.spec(v.ID))
	err := w.p.GrowVolume(ctx, v.ID, 3)
	if w.p.Capabilities().GrowMountedVolume {
		require.NoError(w.t, err)
		size(3)
		return
	}
	requireFault(w, err, fault.NotAllowed)
	size(2)
}

func volumeInUse(w *world) {
	ctx := w.t.Context()
	v := w.volume()
	require.Empty(w.t, v.InUseBy)
	i := w.create(w.spec(v.ID))
	require.Equal(w.t, i.ID, w.list().Volumes[0].InUseBy)
	requireFault(w, w.p.DeleteVolume(ctx, v.ID), fault.Conflict)
	second := w.spec(v.ID)
	_, err := w.p.CreateInstance(ctx, second)
	requireFault(w, err, fault.Conflict)
	require.Len(w.t, w.list().Instances, 1)
	require.NoError(w.t, w.p.StopInstance(ctx, i.ID))
	require.Equal(w.t, i.ID, w.list().Volumes[0].InUseBy, "an instance that is off keeps its volumes")
	require.NoError(w.t, w.p.DeleteInstance(ctx, i.ID))
	require.Empty(w.t, w.list().Volumes[0].InUseBy)
	w.create(second)
	require.Equal(w.t, second.ID, w.list().Volumes[0].InUseBy)
}
