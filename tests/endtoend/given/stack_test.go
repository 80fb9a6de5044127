package given

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/providers/local"
	"drover/tests/apps"
	"drover/tests/stack"
	"drover/tests/stack/tree"
	"drover/workflows/api"
)

const sshd = "/usr/sbin/sshd"

// given is a stack whose worker serves given machines, and who makes these. The tests share it and run one by one, since
// they write the worker's inventory.
type given struct {
	*apps.Lab
	makers    *local.Provider
	state     string // their folder
	inventory string // file
	unable    error  // why no machines can be made here
}

var shared = sync.OnceValues(start)

// begin gives the stack; the first call starts it.
func begin(t *testing.T) *given {
	t.Helper()
	if testing.Short() {
		t.Skip("runs real clusters on given machines: not with -short")
	}
	if os.Getuid() != 0 {
		t.Skip("machines to be given to Drover are made with root's powers")
	}
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("no OpenSSH server here; install the package openssh-server")
	}
	g, err := shared()
	require.NoError(t, err)
	if g.unable != nil {
		t.Skipf("no sandboxes here: %v", g.unable)
	}
	return g
}

func start() (*given, error) {
	dir := stack.TestDir()
	bin, err := tree.Programs()
	if err != nil {
		return nil, err
	}
	images := filepath.Join(dir, "machine-images")
	if err := machineImage(filepath.Join(images, "machine")); err != nil {
		return nil, err
	}
	g := &given{inventory: filepath.Join(dir, "hosts.yaml"), state: filepath.Join(dir, "machines")}
	g.makers, g.unable = local.New(local.Options{
		StateDir: g.state, ImagesDir: images, NodeBinary: filepath.Join(bin, "drover-node"), SSHServer: sshd,
		Range: stack.Range(1),
	})
	if g.unable != nil {
		return g, nil
	}
	// The worker reads the inventory when it starts, and each time it needs a machine.
	_, key, err := newKey(filepath.Join(dir, "nobodys"))
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "drover.yaml")
	for file, text := range map[string]string{
		g.inventory: fmt.Sprintf("hosts: [{host: none.invalid, host_key: %q}]\n", key),
		config:      fmt.Sprintf("default: local\nproviders:\n  local:\n  static: {inventory: %s}\n", g.inventory),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	g.Lab, err = apps.StartOther("given", stack.Options{
		Images: images, WorkerFlags: []string{"--config", config},
	})
	return g, err
}

// give writes the worker's inventory.
func (g *given) give(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(g.inventory+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(g.inventory+".new", g.inventory))
}

// hosts are the names of the machines a cluster has, as `drover hosts list` shows them; "" are free hosts.
func (g *given) hosts(t *testing.T, clusterID string) []string {
	t.Helper()
	names := []string{}
	for _, h := range apps.Items[api.HostView](t, g.Drover(t, "hosts", "list", "-o", "json").OK(t)) {
		if h.ClusterID == clusterID {
			names = append(names, h.Name)
		}
	}
	return names
}

// nodes are a cluster's nodes by id.
func (g *given) nodes(t *testing.T, clusterID string) map[string]api.NodeView {
	t.Helper()
	nodes := map[string]api.NodeView{}
	for _, n := range apps.Items[api.NodeView](t, g.Drover(t, "nodes", clusterID, "-o", "json").OK(t)) {
		nodes[n.NodeID] = n
	}
	return nodes
}

// volume is a mount point that no machine has yet.
const volume = "/srv/app/data"

// publish makes an application of one role "a" with two versions, whose commands append their names to a file of the
// volume.
func (g *given) publish(t *testing.T, count int) string {
	t.Helper()
	name := "traced-" + activities.RandomID()
	nothing := map[string]string{}
	for _, service := range strings.Fields("init start stop destroy scale_out scale_in upgrade") {
		nothing[service] = "true"
	}
	for _, version := range []string{"1", "2"} {
		services := apps.Tracing(volume+"/trace", nothing, version)
		dir := apps.Scripted{Type: "local", Image: "machine", Volume: volume, Count: count, Services: services}.Write(t)
		g.Drover(t, "apps", "publish", dir, "--app", name, "--version", version).OK(t)
	}
	return name
}

// newID is an id no other test has.
func newID() string { return "cl-" + activities.RandomID() }
