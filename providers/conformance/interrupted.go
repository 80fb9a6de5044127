package conformance

import (
	"github.com/stretchr/testify/require"

	"drover/providers"
)

// mostSteps ends a loop over the steps of a call that never comes to an end.
const mostSteps = 100

// cuts makes the call again and again in fresh circumstances, cut after 0, 1, 2, ... steps, until it is not cut any more.
// Each time, setup prepares, call is cut, and after says what must be true then.
func (w *world) cuts(setup func() providers.InstanceSpec, call func(providers.Provider, providers.InstanceSpec) error, after func(providers.InstanceSpec)) {
	if w.Interrupted == nil {
		w.t.Skip("this provider cannot be interrupted in mid call by a test")
	}
	for k := range mostSteps {
		s := setup()
		err := call(w.Interrupted(w.t, k), s)
		if err == nil {
			require.NotZero(w.t, k, "a call that cannot be cut tests nothing")
			return
		}
		after(s)
		w.clear()
	}
	require.Failf(w.t, "the call has no end", "cut %d times", mostSteps)
}

func cutThenRetry(w *world) {
	ctx := w.t.Context()
	w.cuts(func() providers.InstanceSpec { return w.spec(w.volume().ID) },
		func(p providers.Provider, s providers.InstanceSpec) error {
			_, err := p.CreateInstance(ctx, s)
			return err
		},
		func(s providers.InstanceSpec) {
			i := w.create(s)
			require.Equal(w.t, providers.Running, i.State)
			require.Equal(w.t, []providers.Instance{i}, w.list().Instances)
			require.Equal(w.t, i.ID, w.list().Volumes[0].InUseBy)
			if !w.NoSSH {
				require.Equal(w.t, "0", w.run(i, "id -u"))
			}
		})
}

func cutThenDelete(w *world) {
	ctx := w.t.Context()
	w.cuts(func() providers.InstanceSpec { return w.spec(w.volume().ID) },
		func(p providers.Provider, s providers.InstanceSpec) error {
			_, err := p.CreateInstance(ctx, s)
			return err
		},
		func(s providers.InstanceSpec) {
			require.NoError(w.t, w.p.DeleteInstance(ctx, s.ID))
			require.Empty(w.t, w.list().Instances)
			require.Empty(w.t, w.list().Volumes[0].InUseBy)
			require.NoError(w.t, w.p.DeleteVolume(ctx, s.Mounts[0].VolumeID))
		})
}

func cutReplacement(w *world) {
	ctx := w.t.Context()
	var old providers.Instance
	w.cuts(
		func() providers.InstanceSpec {
			s := w.spec(w.volume().ID)
			old = w.create(s)
			return w.replacement(s)
		},
		func(p providers.Provider, s providers.InstanceSpec) error {
			_, err := p.ReplaceImage(ctx, old.ID, s)
			return err
		},
		func(s providers.InstanceSpec) {
			i, err := w.p.ReplaceImage(ctx, old.ID, s)
			require.NoError(w.t, err)
			require.Equal(w.t, old.IP, i.IP)
			require.Equal(w.t, providers.Running, i.State)
			require.Equal(w.t, []providers.Instance{i}, w.list().Instances)
			require.Equal(w.t, i.ID, w.list().Volumes[0].InUseBy)
		})
}

func cutDeletion(w *world) {
	ctx := w.t.Context()
	w.cuts(
		func() providers.InstanceSpec {
			s := w.spec(w.volume().ID)
			w.create(s)
			return s
		},
		func(p providers.Provider, s providers.InstanceSpec) error { return p.DeleteInstance(ctx, s.ID) },
		func(s providers.InstanceSpec) {
			require.NoError(w.t, w.p.DeleteInstance(ctx, s.ID))
			require.Empty(w.t, w.list().Instances)
			require.Empty(w.t, w.list().Volumes[0].InUseBy)
		})
}
