package conformance

import (
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/providers"
)

func stopStart(w *world) {
	ctx := w.t.Context()
	v := w.volume()
	s := w.spec(v.ID)
	i := w.create(s)
	for range 2 {
		require.NoError(w.t, w.p.StopInstance(ctx, i.ID), "stopping twice succeeds")
	}
	off := i
	off.State = providers.Off
	require.Equal(w.t, off, w.one(i.ID))
	require.Equal(w.t, off, w.create(s), "creating what was stopped does not start it")
	for range 2 {
		again, err := w.p.StartInstance(ctx, i.ID)
		require.NoError(w.t, err, "starting twice succeeds")
		require.Equal(w.t, i, again)
	}
	require.Equal(w.t, i, w.one(i.ID))
	require.Equal(w.t, i.ID, w.list().Volumes[0].InUseBy)
}

func resize(w *world) {
	ctx := w.t.Context()
	i := w.create(w.spec())
	bigger := providers.Size{CPU: 2, Memory: 512}
	err := w.p.ResizeInstance(ctx, i.ID, bigger)
	if w.p.Capabilities().ResizeRunning {
		require.NoError(w.t, err)
		require.Equal(w.t, bigger, w.one(i.ID).Size)
		require.Equal(w.t, providers.Running, w.one(i.ID).State)
	} else {
		requireFault(w, err, fault.NotAllowed)
		require.Equal(w.t, i.Size, w.one(i.ID).Size)
	}
	require.NoError(w.t, w.p.StopInstance(ctx, i.ID))
	if w.Fixed {
		requireFault(w, w.p.ResizeInstance(ctx, i.ID, bigger), fault.NotAllowed)
		require.NoError(w.t, w.p.ResizeInstance(ctx, i.ID, i.Size), "the size it has is not a change")
		return
	}
	biggest := providers.Size{CPU: 3, Memory: 768}
	for range 2 {
		require.NoError(w.t, w.p.ResizeInstance(ctx, i.ID, biggest))
	}
	again, err := w.p.StartInstance(ctx, i.ID)
	require.NoError(w.t, err)
	i.Size = biggest
	require.Equal(w.t, i, again)
	require.NoError(w.t, w.p.StopInstance(ctx, i.ID))
	require.NoError(w.t, w.p.ResizeInstance(ctx, i.ID, providers.Size{CPU: 1, Memory: 256}), "smaller again")
}

// replacement asks for an instance with another image in place of one made from s.
func (w *world) replacement(s providers.InstanceSpec) providers.InstanceSpec {
	s.ID = newID("i")
	s.Image = w.OtherImage
	return s
}

func replaceImage(w *world) {
	ctx := w.t.Context()
	for _, running := range []bool{true, false} {
		v := w.volume()
		s := w.spec(v.ID)
		old := w.create(s)
		if !running {
			require.NoError(w.t, w.p.StopInstance(ctx, old.ID))
		}
		s = w.replacement(s)
		i, err := w.p.ReplaceImage(ctx, old.ID, s)
		require.NoError(w.t, err)
		require.Equal(w.t, s.ID, i.ID)
		require.Equal(w.t, w.OtherImage, i.Image)
		require.Equal(w.t, providers.Running, i.State)
		require.Equal(w.t, old.IP, i.IP)
		require.Equal(w.t, old.SSH.Addr, i.SSH.Addr)
		require.Equal(w.t, old.Tags, i.Tags)
		require.Equal(w.t, old.Size, i.Size)
		have := w.list()
		require.Equal(w.t, []providers.Instance{i}, have.Instances, "the old instance is gone")
		require.Equal(w.t, i.ID, have.Volumes[0].InUseBy)
		require.NoError(w.t, w.p.DeleteInstance(ctx, old.ID), "deleting the old one is deleting nothing")
		require.Equal(w.t, i, w.one(i.ID))
		w.clear()
	}
}

func replaceTwice(w *world) {
	s := w.spec(w.volume().ID)
	old := w.create(s)
	s = w.replacement(s)
	first, err := w.p.ReplaceImage(w.t.Context(), old.ID, s)
	require.NoError(w.t, err)
	again, err := w.p.ReplaceImage(w.t.Context(), old.ID, s)
	require.NoError(w.t, err)
	require.Equal(w.t, first, again)
	require.Equal(w.t, []providers.Instance{first}, w.list().Instances)
}

func replaceRefused(w *world) {
	s := w.spec(w.volume().ID)
	old := w.create(s)
	s = w.replacement(s)
	if !w.Fixed { // images are not installed on machines that were given
		s.Image = "no-such-image"
		_, err := w.p.ReplaceImage(w.t.Context(), old.ID, s)
		require.Error(w.t, err)
		require.Contains(w.t, []fault.Type{fault.NotFound, fault.Invalid}, fault.As(err).Type)
	}
	s.ID, s.Image = old.ID, w.OtherImage
	_, err := w.p.ReplaceImage(w.t.Context(), old.ID, s)
	requireFault(w, err, fault.Invalid)
	s = w.replacement(s)
	s.Tags.ClusterID = newID("cl")
	_, err = w.p.ReplaceImage(w.t.Context(), old.ID, s)
	requireFault(w, err, fault.Conflict)
	require.Equal(w.t, []providers.Instance{old}, w.list().Instances)
}
