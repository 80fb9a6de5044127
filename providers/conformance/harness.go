package conformance

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/providers"
)

// Harness is what a provider's test brings along.
type Harness struct {
	// Open gives the provider. It is called more than once and must always show the same resources, as workers that come
	// and go do.
	Open func(t *testing.T) providers.Provider
	// Image and OtherImage are two images a node can run.
	Image, OtherImage string
	ContainerType     string
	// NoSSH leaves out what needs a real machine.
	NoSSH bool
	// Fixed is true for providers that hand out machines they did not make (a list of hosts): these keep their names,
	// sizes, root disks and power, no image is installed, and a volume is a folder of one of them.
	Fixed bool
	// Interrupted gives the provider so that its next call dies, without cleaning up, when it has done that many steps;
	// an error reports. A call that has fewer steps just succeeds. Nil leaves the tests of interrupted calls out.
	Interrupted func(t *testing.T, steps int) providers.Provider
	// Leftovers lists what is left of a provider's doings when no cluster is; nil when List is all that can be asked.
	Leftovers func(ctx context.Context) ([]string, error)
	// Many is how many instances are made at the same time; default 6.
	Many int
}

// suite is a harness with what the tests share.
type suite struct {
	Harness
	signer ssh.Signer
	key    string
}

// world is a cluster of one test, emptied when the test ends.
type world struct {
	*suite
	t       *testing.T
	p       providers.Provider
	cluster string
}

func (s *suite) world(t *testing.T) *world {
	w := &world{suite: s, t: t, p: s.Open(t), cluster: newID("cl")}
	t.Cleanup(func() {
		w.t = t
		w.clear()
	})
	return w
}

// clear deletes everything the cluster has, in the order the contract wants, and sees that it is gone.
func (w *world) clear() {
	ctx := context.WithoutCancel(w.t.Context())
	have, err := w.p.List(ctx, w.cluster)
	require.NoError(w.t, err)
	for _, i := range have.Instances {
		require.NoError(w.t, w.p.DeleteInstance(ctx, i.ID))
	}
	for _, v := range have.Volumes {
		require.NoError(w.t, w.p.DeleteVolume(ctx, v.ID))
	}
	for _, n := range have.Networks {
		require.NoError(w.t, w.p.DeleteNetwork(ctx, n.ClusterID, n.VxNet))
	}
	have, err = w.p.List(ctx, w.cluster)
	require.NoError(w.t, err)
	require.Empty(w.t, have, "everything was deleted and List still knows something")
}

func (w *world) list() providers.Resources {
	w.t.Helper()
	have, err := w.p.List(w.t.Context(), w.cluster)
	require.NoError(w.t, err)
	return have
}

// spec asks for an instance with a new id and the volumes mounted at /data, /data1, ...
func (w *world) spec(volumes ...string) providers.InstanceSpec {
	s := providers.InstanceSpec{
		ID: newID("i"), Tags: providers.Tags{ClusterID: w.cluster, NodeID: newID("cln")},
		Image: w.Image, ContainerType: w.ContainerType, Size: providers.Size{CPU: 1, Memory: 256}, AuthorizedKey: w.key,
	}
	for i, v := range volumes {
		s.Mounts = append(s.Mounts, providers.Mount{VolumeID: v, Path: []string{"/data", "/data1", "/data2"}[i]})
	}
	return s
}

func (w *world) volume() providers.Volume {
	w.t.Helper()
	v, err := w.p.CreateVolume(w.t.Context(), w.volumeSpec())
	require.NoError(w.t, err)
	return v
}

func (w *world) volumeSpec() providers.VolumeSpec {
	return providers.VolumeSpec{ID: newID("vol"), Tags: providers.Tags{ClusterID: w.cluster, NodeID: newID("cln")}, SizeGiB: 1}
}

func (w *world) create(s providers.InstanceSpec) providers.Instance {
	w.t.Helper()
	i, err := w.p.CreateInstance(w.t.Context(), s)
	require.NoError(w.t, err)
	return i
}

// one finds the instance in the list.
func (w *world) one(id string) providers.Instance {
	w.t.Helper()
	for _, i := range w.list().Instances {
		if i.ID == id {
			return i
		}
	}
	require.Failf(w.t, "instance is not listed", "%s in %s", id, w.cluster)
	return providers.Instance{}
}

func newID(kind string) string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return kind + "-" + hex.EncodeToString(b[:])
}

func newKey(t *testing.T) (ssh.Signer, string) {
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return signer, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}
