package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

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
