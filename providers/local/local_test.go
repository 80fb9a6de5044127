package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/providers"
	"drover/providers/conformance"
	"drover/tests/stack/tree"
)

func nodeBinary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("no nodes are made with -short")
	}
	if file := os.Getenv("DROVER_TEST_NODE"); file != "" {
		return file
	}
	file, err := tree.Program("drover-node")
	require.NoError(t, err)
	return file
}

// images makes two images.
func images(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		for file, text := range map[string]string{
			"opt/app/version":     name,
			"etc/app/config":      "image " + name,
			"usr/local/bin/hello": "#!/bin/sh\necho hello from " + name + "\n",
		} {
			path := filepath.Join(dir, name, file)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
		}
	}
	return dir
}

// options of a provider with a state folder and addresses of its own.
func options(t *testing.T, addresses string) Options {
	return Options{
		StateDir: filepath.Join(t.TempDir(), "state"), ImagesDir: images(t), NodeBinary: nodeBinary(t),
		AgentBinary: "/usr/bin/true", Range: addresses,
	}
}

func open(t *testing.T, o Options) *Provider {
	t.Helper()
	p, err := New(o)
	if !mayMount() && err != nil {
		t.Skipf("SKIP: no sandboxes without root here: %v", err)
	}
	require.NoError(t, err)
	return p
}

func harness(t *testing.T, o Options) conformance.Harness {
	p := open(t, o)
	t.Log(p.Capabilities().Notes)
	return conformance.Harness{
		Open:  func(t *testing.T) providers.Provider { return open(t, o) },
		Image: "one", OtherImage: "two", ContainerType: "local", Many: 8,
		Leftovers: p.Leftovers,
		Interrupted: func(t *testing.T, steps int) providers.Provider {
			p := open(t, o)
			p.step = func(string) error {
				if steps == 0 {
					return errCut
				}
				steps--
				return nil
			}
			return p
		},
	}
}

var errCut = errors.New("cut here")

func TestConformance(t *testing.T) {
	conformance.Run(t, harness(t, options(t, "127.78.0.0/20")))
}

// One record that cannot be read stands in the way of nothing else; it is named, and what it is about can be deleted.
func TestDamagedRecordsStandInNobodysWay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := open(t, options(t, "127.78.64.0/24"))
	make1 := func(id, cluster string) providers.Instance {
		v, err := p.CreateVolume(ctx, providers.VolumeSpec{ID: "vol-" + id, Tags: providers.Tags{ClusterID: cluster}, SizeGiB: 1})
		require.NoError(t, err)
		i, err := p.CreateInstance(ctx, providers.InstanceSpec{
			ID: "i-" + id, Tags: providers.Tags{ClusterID: cluster, NodeID: "cln-" + id}, Image: "one", ContainerType: "local",
			Size: providers.Size{CPU: 1, Memory: 256}, Mounts: []providers.Mount{{VolumeID: v.ID, Path: "/data"}}, AuthorizedKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test",
		})
		require.NoError(t, err)
		return i
	}
	make1("aaaaaaaa", "cl-aaaaaaaa")
	for _, file := range []string{p.nodeDir("i-aaaaaaaa", "node.json"), p.volumeDir("vol-aaaaaaaa", "meta.json")} {
		require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	}
	healthy := make1("bbbbbbbb", "cl-bbbbbbbb")
	for _, cluster := range []string{"cl-bbbbbbbb", ""} {
		all, err := p.List(ctx, cluster)
		require.NoError(t, err)
		require.Equal(t, []providers.Instance{healthy}, all.Instances)
		require.Len(t, all.Unreadable, 2)
		require.Contains(t, all.Unreadable[0], "volume vol-aaaaaaaa")
		require.Contains(t, all.Unreadable[1], "instance i-aaaaaaaa")
	}
	_, err := p.StartInstance(ctx, "i-aaaaaaaa")
	require.False(t, fault.As(err).Retryable, "%v", err)
	for _, id := range []string{"aaaaaaaa", "bbbbbbbb"} {
		require.NoError(t, p.DeleteInstance(ctx, "i-"+id))
		require.NoError(t, p.DeleteVolume(ctx, "vol-"+id))
	}
	left, err := p.Leftovers(ctx)
	require.NoError(t, err)
	require.Empty(t, left)
}
