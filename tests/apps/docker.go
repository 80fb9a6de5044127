package apps

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
	"drover/providers/docker"
	"drover/tests/stack"
	"drover/tests/stack/engine"
	"drover/tests/stack/tree"
)

var asked = flag.Bool("docker", false, "take clusters through their lives in containers too, as make docker-lives does")

// Both runs a test with nodes in sandboxes, and in containers where that was asked for: it takes minutes.
func Both(t *testing.T, test func(t *testing.T, l *Lab)) {
	t.Helper()
	t.Run("local", func(t *testing.T) { test(t, Start(t)) })
	t.Run("docker", func(t *testing.T) {
		if !*asked {
			t.Skip("SKIP: the same in containers takes minutes: make docker-lives")
		}
		test(t, StartOnDocker(t))
	})
}

// StartOnDocker gives a lab whose nodes are containers, on an engine of its own; the first call starts it. Consul listens
// on the gateway of the nodes' network too.
func StartOnDocker(t *testing.T) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: runs real clusters in containers: not with -short")
	}
	if why := engine.Missing(); why != "" {
		t.Skip("SKIP: " + why)
	}
	l, err := onDocker()
	require.NoError(t, err)
	if l.unable != nil {
		t.Skipf("SKIP: no containers run here: %v", l.unable)
	}
	return l
}

func startDocker() (*Lab, error) {
	ctx := context.Background()
	home := filepath.Join(stack.TestDir(), "e")
	if err := os.Mkdir(home, 0o755); err != nil {
		return nil, err
	}
	e, err := engine.Start(ctx, home)
	if err != nil {
		return &Lab{unable: err}, nil
	}
	stack.AtEnd(e.Close)
	if err := tryEngine(ctx, e); err != nil {
		return &Lab{unable: err}, nil
	}
	bin, err := tree.Programs()
	if err != nil {
		return nil, err
	}
	addresses := engine.FreeRange()
	installation := fmt.Sprintf("lab-%d", os.Getpid())
	machines, err := docker.New(ctx, docker.Options{
		Host: e.Host, Installation: installation, Range: addresses, NeverPull: true,
		NodeBinary: filepath.Join(bin, "drover-node"), AgentBinary: filepath.Join(bin, "drover-agent"),
	})
	if err != nil {
		return nil, err
	}
	// Its first network, and with it the interface on which Consul is to listen. The record of a cluster that is not there
	// keeps it while the lab runs.
	if err := machines.EnsureNetwork(ctx, providers.Network{ClusterID: "cl-lab00000"}); err != nil {
		return nil, err
	}
	stack.AtEnd(func() error { return machines.DeleteNetwork(context.Background(), "cl-lab00000", "") })
	gateway := netip.MustParsePrefix(addresses).Addr().Next().String()
	servers, err := stack.ForTests(ctx, "docker", stack.Options{NodeConsul: gateway})
	if err != nil {
		return nil, err
	}
	l := &Lab{stack: servers, engine: e, machines: machines, gateway: gateway}
	l.stack.WorkerFlags = []string{
		"--providers", "docker", "--docker-host", e.Host, "--docker-installation", installation, "--docker-range", addresses,
	}
	return l, l.stack.StartWorker(ctx)
}

// tryEngine runs a container.
func tryEngine(ctx context.Context, e *engine.Engine) error {
	c, err := e.Client()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := engine.Make(ctx, c, engine.Image{Name: "check:1"}); err != nil {
		return err
	}
	return engine.Check(ctx, c, "check:1")
}

// Engine is the one of a lab on containers.
func (l *Lab) Engine() *engine.Engine { return l.engine }

// Gateway is the machine's address in the network of a lab's containers.
func (l *Lab) Gateway() string { return l.gateway }

// Image makes an image for containers: the programs of this machine, and folders over them.
func (l *Lab) Image(t *testing.T, name string, overlay ...string) {
	t.Helper()
	c, err := l.engine.Client()
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, engine.Make(t.Context(), c, engine.Image{Name: name, Overlay: overlay}))
}

// image is the one that build.sh made for provider local: what lies over a node's root.
func image(t *testing.T, folder, version string) string {
	t.Helper()
	root, err := tree.Root()
	require.NoError(t, err)
	return filepath.Join(root, ".build", "images", folder+"-"+version)
}
