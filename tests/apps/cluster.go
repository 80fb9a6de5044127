package apps

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/activities"
	"drover/providers"
	"drover/remote"
	"drover/workflows/api"
)

// Cluster is one cluster and how to get into its nodes.
type Cluster struct {
	ID  string
	lab *Lab
	t   *testing.T
	ssh *remote.Pool
}

// Create creates a cluster of a published application. What is left of it when the test ends is removed; of a failed
// test, the files that say matches (shell patterns on the nodes) are shown before.
func (l *Lab) Create(t *testing.T, app, say string, args ...string) *Cluster {
	t.Helper()
	c := l.Choose(t, say)
	l.Drover(t, append([]string{"create", app, "--id", c.ID}, args...)...).OK(t)
	return c
}

// Choose is Create without creating: it chooses an id, and clears up.
func (l *Lab) Choose(t *testing.T, say string) *Cluster {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(l.stack.Dir, "id_ed25519"))
	require.NoError(t, err)
	signer, err := ssh.ParsePrivateKey(key)
	require.NoError(t, err)
	c := &Cluster{ID: "cl-" + activities.RandomID(), lab: l, t: t, ssh: remote.New(remote.Options{Signer: signer})}
	t.Cleanup(func() { c.clear(say) })
	return c
}

// clear removes what a test left.
func (c *Cluster) clear(say string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer c.ssh.Close()
	machines := c.lab.machines
	left, err := machines.List(ctx, c.ID)
	if err != nil {
		c.t.Error(err)
		return
	}
	for _, i := range left.Instances {
		if c.t.Failed() {
			r, err := c.ssh.Run(ctx, target(i), "tail -n 25 "+say, nil)
			c.t.Logf("%s %s: %v\n%s%s", i.Tags.NodeID, i.IP, err, r.Stdout, r.Stderr)
		}
		if err := machines.DeleteInstance(ctx, i.ID); err != nil {
			c.t.Error(err)
		}
	}
	for _, v := range left.Volumes {
		if err := machines.DeleteVolume(ctx, v.ID); err != nil {
			c.t.Error(err)
		}
	}
}

// Do runs an operation of the cluster that has to succeed: drover VERB CLUSTER ARGS.
func (c *Cluster) Do(verb string, args ...string) {
	c.t.Helper()
	c.lab.Drover(c.t, append([]string{verb, c.ID}, args...)...).OK(c.t)
}

// Refused runs an operation of the cluster that has to fail and say certain words.
func (c *Cluster) Refused(words string, verb string, args ...string) {
	c.t.Helper()
	a := c.lab.Drover(c.t, append([]string{verb, c.ID}, args...)...)
	require.NotZero(c.t, a.Code, "%s%s", a.Stdout, a.Stderr)
	require.Contains(c.t, a.Stdout+a.Stderr, words)
}

// SetEnv changes parameters of the cluster.
func (c *Cluster) SetEnv(values ...string) {
	c.t.Helper()
	c.lab.Drover(c.t, append([]string{"env", "set", c.ID}, values...)...).OK(c.t)
}

// Nodes are the cluster's nodes by sid, of certain roles or of all.
func (c *Cluster) Nodes(roles ...string) []api.NodeView {
	c.t.Helper()
	nodes := Items[api.NodeView](c.t, c.lab.Drover(c.t, "nodes", c.ID, "-o", "json").OK(c.t))
	nodes = slices.DeleteFunc(nodes, func(n api.NodeView) bool { return len(roles) > 0 && !slices.Contains(roles, n.Role) })
	slices.SortFunc(nodes, func(a, b api.NodeView) int { return a.SID - b.SID })
	return nodes
}

// Addresses are host:port of the cluster's nodes.
func (c *Cluster) Addresses(port string, roles ...string) []string {
	c.t.Helper()
	var all []string
	for _, n := range c.Nodes(roles...) {
		all = append(all, n.IP+":"+port)
	}
	return all
}

// On runs a line of shell on a node, which has to succeed, and gives what it prints.
func (c *Cluster) On(n api.NodeView, cmd string) string {
	c.t.Helper()
	r := c.Try(n, cmd)
	require.Zero(c.t, r.ExitCode, "%s on %s: %s%s", cmd, n.NodeID, r.Stdout, r.Stderr)
	return strings.TrimSpace(string(r.Stdout))
}

// Try runs a line of shell on a node.
func (c *Cluster) Try(n api.NodeView, cmd string) remote.Result {
	c.t.Helper()
	r, err := c.Shell(n)(cmd)
	require.NoError(c.t, err)
	return r
}

// Shell looks for a node and gives a way to run lines of shell there, also while the provider is away.
func (c *Cluster) Shell(n api.NodeView) func(cmd string) (remote.Result, error) {
	c.t.Helper()
	left, err := c.lab.machines.List(c.t.Context(), c.ID)
	require.NoError(c.t, err)
	at := slices.IndexFunc(left.Instances, func(i providers.Instance) bool { return i.ID == n.InstanceID })
	require.NotEqual(c.t, -1, at, "node %s is not there", n.NodeID)
	return func(cmd string) (remote.Result, error) {
		return c.ssh.Run(c.t.Context(), target(left.Instances[at]), cmd, bytes.NewReader(nil))
	}
}

// find is the cluster in the list of all, nil when it is not there.
func (c *Cluster) find() *api.ClusterView {
	c.t.Helper()
	for _, view := range Items[api.ClusterView](c.t, c.lab.Drover(c.t, "list", "-o", "json").OK(c.t)) {
		if view.ClusterID == c.ID {
			return &view
		}
	}
	return nil
}

// Version is the version of the application the active cluster runs.
func (c *Cluster) Version() string {
	c.t.Helper()
	view := c.find()
	require.NotNil(c.t, view)
	require.Equal(c.t, "active", view.State)
	return view.Version
}

// Gone asserts that nothing is left: no cluster, no machine, no volume.
func (c *Cluster) Gone() {
	c.t.Helper()
	require.Nil(c.t, c.find())
	left, err := c.lab.machines.List(c.t.Context(), c.ID)
	require.NoError(c.t, err)
	require.Empty(c.t, left.Instances)
	require.Empty(c.t, left.Volumes)
}

func target(i providers.Instance) remote.Target {
	return i.SSH.Of(i.Tags.NodeID)
}
