package conformance

import (
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/providers"
)

func createTwice(w *world) {
	v := w.volume()
	s := w.spec(v.ID)
	first := w.create(s)
	require.Equal(w.t, s.ID, first.ID)
	require.Equal(w.t, s.Tags, first.Tags)
	require.Equal(w.t, providers.Running, first.State)
	require.Equal(w.t, s.Size, first.Size)
	require.Equal(w.t, s.Image, first.Image)
	require.NotEmpty(w.t, first.IP)
	require.NotEmpty(w.t, first.SSH.Addr)
	require.NotEmpty(w.t, first.SSH.User)
	require.NotEmpty(w.t, first.SSH.HostKey)
	require.Equal(w.t, first, w.create(s), "the same call again gives the same")
	s.Image = w.OtherImage
	require.Equal(w.t, first, w.create(s), "an existing instance is returned unchanged, whatever is asked")
	require.Equal(w.t, []providers.Instance{first}, w.list().Instances)
}

func createMany(w *world) {
	made := make([]providers.Instance, w.Many)
	errs := make([]error, w.Many)
	var all sync.WaitGroup
	for i := range made {
		s := w.spec()
		all.Go(func() { made[i], errs[i] = w.p.CreateInstance(w.t.Context(), s) })
	}
	all.Wait()
	addresses := map[string]bool{}
	for i := range made {
		require.NoError(w.t, errs[i])
		require.False(w.t, addresses[made[i].SSH.Addr], "two instances have address %s", made[i].SSH.Addr)
		addresses[made[i].SSH.Addr] = true
	}
	require.ElementsMatch(w.t, made, w.list().Instances)
	for i := range made {
		all.Go(func() { errs[i] = w.p.DeleteInstance(w.t.Context(), made[i].ID) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(w.t, err)
	}
	require.Empty(w.t, w.list().Instances)
}

func createSameAtOnce(w *world) {
	s := w.spec()
	other := w.Open(w.t)
	var made [4]providers.Instance
	var errs [4]error
	var all sync.WaitGroup
	for i := range made {
		p := w.p
		if i%2 == 1 {
			p = other
		}
		all.Go(func() { made[i], errs[i] = p.CreateInstance(w.t.Context(), s) })
	}
	all.Wait()
	for i := range made {
		require.NoError(w.t, errs[i])
		require.Equal(w.t, made[0], made[i])
	}
	require.Len(w.t, w.list().Instances, 1)
}

func createForeign(w *world) {
	s := w.spec()
	w.create(s)
	s.Tags.ClusterID = newID("cl")
	_, err := w.p.CreateInstance(w.t.Context(), s)
	requireFault(w, err, fault.Conflict)
	v := w.volumeSpec()
	_, err = w.p.CreateVolume(w.t.Context(), v)
	require.NoError(w.t, err)
	v.Tags.ClusterID = newID("cl")
	_, err = w.p.CreateVolume(w.t.Context(), v)
	requireFault(w, err, fault.Conflict)
}

func otherWorker(w *world) {
	i := w.create(w.spec(w.volume().ID))
	other := w.Open(w.t)
	have, err := other.List(w.t.Context(), w.cluster)
	require.NoError(w.t, err)
	require.Equal(w.t, w.list(), have)
	require.NoError(w.t, other.StopInstance(w.t.Context(), i.ID))
	require.Equal(w.t, providers.Off, w.one(i.ID).State)
}

func listByCluster(w *world) {
	elsewhere := w.suite.world(w.t)
	i, v := w.create(w.spec()), w.volume()
	j := elsewhere.create(elsewhere.spec())
	require.NoError(w.t, w.p.EnsureNetwork(w.t.Context(), providers.Network{ClusterID: w.cluster}))
	require.Equal(w.t, providers.Resources{
		Networks:  []providers.Network{{ClusterID: w.cluster}},
		Volumes:   []providers.Volume{v},
		Instances: []providers.Instance{i},
	}, w.list())
	require.Equal(w.t, providers.Resources{Instances: []providers.Instance{j}}, elsewhere.list())
	have, err := w.p.List(w.t.Context(), newID("cl"))
	require.NoError(w.t, err)
	require.Empty(w.t, have)
	all, err := w.p.List(w.t.Context(), "")
	require.NoError(w.t, err)
	require.Subset(w.t, all.Clusters(), []string{w.cluster, elsewhere.cluster})
	require.Contains(w.t, all.Volumes, v)
	require.Contains(w.t, all.Networks, providers.Network{ClusterID: w.cluster})
	for _, want := range []providers.Instance{i, j} {
		require.Contains(w.t, all.Instances, want)
	}
}

func deleteNothing(w *world) {
	ctx := w.t.Context()
	require.NoError(w.t, w.p.DeleteInstance(ctx, newID("i")))
	require.NoError(w.t, w.p.DeleteVolume(ctx, newID("vol")))
	require.NoError(w.t, w.p.DeleteNetwork(ctx, w.cluster, "vxnet-1"))
	i, v := w.create(w.spec()), w.volume()
	for range 2 {
		require.NoError(w.t, w.p.DeleteInstance(ctx, i.ID))
		require.NoError(w.t, w.p.DeleteVolume(ctx, v.ID))
	}
	require.Empty(w.t, w.list())
}

func missingThings(w *world) {
	ctx := w.t.Context()
	if images, ok := w.p.(providers.Images); ok {
		require.NoError(w.t, images.CheckImage(ctx, w.spec().Image))
		require.Error(w.t, images.CheckImage(ctx, "no-such-image"))
	}
	_, err := w.p.StartInstance(ctx, newID("i"))
	requireFault(w, err, fault.NotFound)
	requireFault(w, w.p.StopInstance(ctx, newID("i")), fault.NotFound)
	requireFault(w, w.p.ResizeInstance(ctx, newID("i"), providers.Size{CPU: 1, Memory: 256}), fault.NotFound)
	requireFault(w, w.p.GrowVolume(ctx, newID("vol"), 3), fault.NotFound)
	_, err = w.p.ReplaceImage(ctx, newID("i"), w.spec())
	requireFault(w, err, fault.NotFound)
	require.Empty(w.t, w.list())
}

func refused(w *world) {
	for name, c := range map[string]struct {
		change func(*providers.InstanceSpec)
		want   []fault.Type
	}{
		"missing image":   {func(s *providers.InstanceSpec) { s.Image = "no-such-image" }, []fault.Type{fault.NotFound, fault.Invalid}},
		"no image":        {func(s *providers.InstanceSpec) { s.Image = "" }, []fault.Type{fault.Invalid}},
		"image is a path": {func(s *providers.InstanceSpec) { s.Image = "../../etc" }, []fault.Type{fault.NotFound, fault.Invalid}},
		"no id":           {func(s *providers.InstanceSpec) { s.ID = "" }, []fault.Type{fault.Invalid}},
		"id is a path":    {func(s *providers.InstanceSpec) { s.ID = "../i" }, []fault.Type{fault.Invalid}},
		"missing volume": {func(s *providers.InstanceSpec) {
			s.Mounts = []providers.Mount{{VolumeID: newID("vol"), Path: "/data"}}
		}, []fault.Type{fault.NotFound}},
		"two volumes in one place": {func(s *providers.InstanceSpec) {
			s.Mounts = []providers.Mount{{VolumeID: w.volume().ID, Path: "/data"}, {VolumeID: w.volume().ID, Path: "/data"}}
		}, []fault.Type{fault.Invalid}},
		"mount point is relative": {func(s *providers.InstanceSpec) {
			s.Mounts = []providers.Mount{{VolumeID: w.volume().ID, Path: "data"}}
		}, []fault.Type{fault.Invalid}},
		"no key":   {func(s *providers.InstanceSpec) { s.AuthorizedKey = "" }, []fault.Type{fault.Invalid}},
		"two keys": {func(s *providers.InstanceSpec) { s.AuthorizedKey += "\n" + s.AuthorizedKey }, []fault.Type{fault.Invalid}},
	} {
		if w.Fixed && strings.Contains(name, "image") {
			continue // no image is installed on a machine that was given
		}
		s := w.spec()
		c.change(&s)
		_, err := w.p.CreateInstance(w.t.Context(), s)
		f := fault.As(err)
		if assert.NotNilf(w.t, f, "%s: want a fault, got %v", name, err) {
			assert.Containsf(w.t, c.want, f.Type, "%s: %v", name, err)
		}
	}
	require.Empty(w.t, w.list().Instances, "refused instances exist")
}

func networks(w *world) {
	ctx := w.t.Context()
	for _, vxnet := range []string{"", "vxnet-1"} {
		for range 2 {
			require.NoError(w.t, w.p.EnsureNetwork(ctx, providers.Network{ClusterID: w.cluster, VxNet: vxnet}))
		}
	}
	s := w.spec()
	s.VxNet = "vxnet-1"
	w.create(s)
	require.ElementsMatch(w.t, []providers.Network{{ClusterID: w.cluster}, {ClusterID: w.cluster, VxNet: "vxnet-1"}}, w.list().Networks)
	require.NoError(w.t, w.p.DeleteInstance(ctx, s.ID))
	require.NoError(w.t, w.p.DeleteNetwork(ctx, w.cluster, "vxnet-1"))
	require.Equal(w.t, []providers.Network{{ClusterID: w.cluster}}, w.list().Networks)
}

func requireFault(w *world, err error, want fault.Type) {
	w.t.Helper()
	require.Error(w.t, err)
	f := fault.As(err)
	require.NotNilf(w.t, f, "not a fault: %v", err)
	require.Equalf(w.t, want, f.Type, "%v", err)
}
