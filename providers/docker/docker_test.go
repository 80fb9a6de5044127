package docker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"

	"drover/providers"
	"drover/providers/conformance"
	"drover/tests/stack/engine"
	"drover/tests/stack/tree"
)

// lab is the engine of this package's tests, with two images, and the node program.
type lab struct {
	dir, node string
	engine    *engine.Engine
}

// startLab creates it once per test run.
var startLab = sync.OnceValues(func() (*lab, error) {
	dir, err := os.MkdirTemp("", "dr-")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir}
	toStop = append(toStop, func() { os.RemoveAll(dir) })
	if l.node, err = tree.Program("drover-node"); err != nil {
		return nil, err
	}
	if l.engine, err = startEngine(filepath.Join(dir, "e")); err != nil {
		return nil, err
	}
	toStop = append([]func(){func() { _ = l.engine.Close() }}, toStop...)
	return l, nil
})

var toStop []func()

// startEngine starts an engine with the images "drover-test/one" and "two".
func startEngine(dir string) (*engine.Engine, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	e, err := engine.Start(context.Background(), dir)
	if err != nil {
		return nil, err
	}
	c, err := e.Client()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for _, name := range []string{"drover-test/one:1", "drover-test/two:1"} {
		// The start settings of an image must have no effect.
		changes := []string{"ENV APP=" + filepath.Base(name), "USER nobody", `ENTRYPOINT ["/no/such/program"]`, "VOLUME /data", "VOLUME /declared"} // words:allow
		if err := engine.Make(context.Background(), c, engine.Image{Name: name, Changes: changes}); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	if err := engine.Check(context.Background(), c, "drover-test/one:1"); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range toStop {
		stop()
	}
	os.Exit(code)
}

func needLab(t *testing.T) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: no containers are made with -short")
	}
	if why := engine.Missing(); why != "" {
		t.Skip("SKIP: " + why)
	}
	l, err := startLab()
	if err != nil {
		t.Skipf("SKIP: no Docker engine runs here: %v", err)
	}
	return l
}

// options returns the options of a new installation: engines on one machine share its interfaces and addresses.
func (l *lab) options(installation string) Options {
	return Options{
		Host: l.engine.Host, Installation: installation, NodeBinary: l.node, AgentBinary: "/usr/bin/true",
		Range: engine.FreeRange(), NeverPull: true,
	}
}

func open(t *testing.T, o Options) *Provider {
	t.Helper()
	p, err := New(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { p.engine.Close() })
	return p
}

// leftovers are the resources of an installation on its engine.
func leftovers(ctx context.Context, p *Provider) ([]string, error) {
	var left []string
	mine := client.Filters{}.Add("label", labelInstallation+"="+p.options.Installation)
	containers, err1 := p.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: mine})
	for _, c := range containers.Items {
		left = append(left, "container "+c.Names[0])
	}
	volumes, err2 := p.engine.VolumeList(ctx, client.VolumeListOptions{Filters: client.Filters{}})
	for _, v := range volumes.Items {
		if v.Labels[labelInstallation] == p.options.Installation || v.Labels[labelInstallation] == "" {
			left = append(left, "volume "+v.Name)
		}
	}
	networks, err3 := p.engine.NetworkList(ctx, client.NetworkListOptions{Filters: mine})
	for _, n := range networks.Items {
		left = append(left, "network "+n.Name)
	}
	return left, errors.Join(err1, err2, err3)
}

func newID(kind string) string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return kind + "-" + hex.EncodeToString(b[:])
}

var errCut = errors.New("cut here")

func TestConformance(t *testing.T) {
	l := needLab(t)
	o := l.options(newID("conf"))
	p := open(t, o)
	t.Log(p.Capabilities().Notes)
	conformance.Run(t, conformance.Harness{
		Open:  func(t *testing.T) providers.Provider { return open(t, o) },
		Image: "drover-test/one:1", OtherImage: "drover-test/two:1", ContainerType: "docker",
		Leftovers: func(ctx context.Context) ([]string, error) { return leftovers(ctx, p) },
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
	})
}
