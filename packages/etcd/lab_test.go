package etcd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

	"drover/lifecycle"
	"drover/providers"
	"drover/providers/local"
	"drover/remote"
	"drover/tests/stack/tree"
)

// lab is a cluster on real nodes, driven by hand: its record, its machines, and no workflows.
type lab struct {
	t        *testing.T
	rec      *lifecycle.Record
	provider *local.Provider
	pool     *remote.Pool
	key      string
	images   string
}

var labs atomic.Int32

func newLab(t *testing.T, version string) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("runs real etcd clusters on real nodes: not with -short")
	}
	dir, err := built()
	require.NoError(t, err)
	bin, err := tree.Programs()
	require.NoError(t, err)
	provider, err := local.New(local.Options{
		StateDir: t.TempDir(), ImagesDir: filepath.Join(dir, "images"),
		NodeBinary: filepath.Join(bin, "drover-node"), AgentBinary: filepath.Join(bin, "drover-agent"),
		// A range of its own for every lab, also beside other runs on the machine.
		Range: fmt.Sprintf("127.83.%d.0/26", (os.Getpid()+int(labs.Add(1)))%256),
	})
	if err != nil {
		t.Skipf("nodes of provider local cannot run here: %v", err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	l := &lab{
		t: t, rec: newRecord(t, version, nil), provider: provider, pool: remote.New(remote.Options{Signer: signer}),
		key: string(ssh.MarshalAuthorizedKey(signer.PublicKey())), images: filepath.Join(dir, "images"),
	}
	t.Cleanup(func() { _ = l.pool.Close() })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		left, err := provider.List(ctx, l.rec.ClusterID)
		require.NoError(t, err)
		for _, i := range left.Instances {
			if t.Failed() {
				l.explain(ctx, i)
			}
			require.NoError(t, provider.DeleteInstance(ctx, i.ID))
		}
		for _, v := range left.Volumes {
			require.NoError(t, provider.DeleteVolume(ctx, v.ID))
		}
	})
	return l
}

// explain shows what a node knows, for a test that failed.
func (l *lab) explain(ctx context.Context, i providers.Instance) {
	out, err := l.pool.Run(ctx, i.SSH.Of(i.Tags.NodeID),
		"cat /etc/etcd/members; tail -n 20 /var/lib/etcd/log/*", nil)
	l.t.Logf("%s %s: %v\n%s%s", i.Tags.NodeID, i.IP, err, out.Stdout, out.Stderr)
}

// node is a node of the record.
func (l *lab) node(id string) *lifecycle.Node {
	l.t.Helper()
	n, ok := l.rec.Node(id)
	require.True(l.t, ok, id)
	return n
}

func (l *lab) ids(not ...string) []string {
	var ids []string
	for _, n := range l.rec.Nodes {
		if !strings.Contains(strings.Join(not, " "), n.ID) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// spec is the machine of a node with the image of a version.
func (l *lab) spec(n *lifecycle.Node, version string) providers.InstanceSpec {
	return providers.InstanceSpec{
		ID: n.InstanceID, Tags: providers.Tags{ClusterID: l.rec.ClusterID, NodeID: n.ID}, Image: "etcd-" + version,
		Size: providers.Size{CPU: n.CPU, Memory: n.Memory}, AuthorizedKey: l.key,
		Mounts: []providers.Mount{{VolumeID: n.VolumeIDs[0], Path: "/var/lib/etcd"}},
	}
}

func (l *lab) met(n *lifecycle.Node, i providers.Instance) {
	n.IP, n.SSH = i.IP, i.SSH
}

// provision makes the machines of nodes (CC1, AN1).
func (l *lab) provision(ids ...string) {
	l.t.Helper()
	l.each(ids, func(n *lifecycle.Node) error {
		tags := providers.Tags{ClusterID: l.rec.ClusterID, NodeID: n.ID}
		if _, err := l.provider.CreateVolume(l.t.Context(), providers.VolumeSpec{ID: n.VolumeIDs[0], Tags: tags, SizeGiB: n.VolumeSize}); err != nil {
			return err
		}
		i, err := l.provider.CreateInstance(l.t.Context(), l.spec(n, l.rec.VersionID))
		l.met(n, i)
		return err
	})
}

// release gives up machines and volumes, and forgets the nodes (DN10, DN11).
func (l *lab) release(ids ...string) {
	l.t.Helper()
	l.each(ids, func(n *lifecycle.Node) error {
		if err := l.provider.DeleteInstance(l.t.Context(), n.InstanceID); err != nil {
			return err
		}
		return l.provider.DeleteVolume(l.t.Context(), n.VolumeIDs[0])
	})
	var stay []lifecycle.Node
	for _, id := range l.ids(ids...) {
		stay = append(stay, *l.node(id))
	}
	l.rec.Nodes = stay
}

// each does something for nodes concurrently.
func (l *lab) each(ids []string, do func(*lifecycle.Node) error) {
	l.t.Helper()
	var g errgroup.Group
	for _, id := range ids {
		n := l.node(id)
		g.Go(func() error {
			if err := do(n); err != nil {
				return fmt.Errorf("%s: %w", n.ID, err)
			}
			return nil
		})
	}
	require.NoError(l.t, g.Wait())
}

// publish lets the agent of nodes apply the record as it is now, reload commands included (a revision and its barrier).
func (l *lab) publish(ids ...string) {
	l.t.Helper()
	views := map[string][]byte{}
	began := time.Now()
	defer func() { l.t.Logf("%4.1f s  publish on %s", time.Since(began).Seconds(), strings.Join(ids, " ")) }()
	for _, id := range ids {
		kv, err := json.Marshal(view(l.t, l.rec, id))
		require.NoError(l.t, err)
		views[id] = kv
	}
	l.each(ids, func(n *lifecycle.Node) error {
		r, err := l.shell(n, "/opt/drover/bin/drover-agent render --once --kv -", views[n.ID])
		if err == nil && r.ExitCode != 0 {
			err = fmt.Errorf("exit code %d: %s%s", r.ExitCode, r.Stdout, r.Stderr)
		}
		return err
	})
}

func (l *lab) shell(n *lifecycle.Node, cmd string, stdin []byte) (remote.Result, error) {
	target := n.SSH.Of(n.ID)
	return l.pool.Run(l.t.Context(), target, cmd, bytes.NewReader(stdin))
}

// ended is how a service ended on a node.
type ended struct {
	code int
	out  string
}

// try runs a service of the package on nodes at the same time, as a stage's order group does.
func (l *lab) try(service string, ids ...string) map[string]ended {
	l.t.Helper()
	cmd := l.rec.Spec.Roles[0].Services[service].Cmd
	require.NotEmpty(l.t, cmd, service)
	var mu sync.Mutex
	results := map[string]ended{}
	began := time.Now()
	defer func() { l.t.Logf("%4.1f s  %s on %s", time.Since(began).Seconds(), service, strings.Join(ids, " ")) }()
	l.each(ids, func(n *lifecycle.Node) error {
		r, err := l.shell(n, cmd, nil)
		mu.Lock()
		defer mu.Unlock()
		results[n.ID] = ended{r.ExitCode, string(r.Stdout) + string(r.Stderr)}
		return err
	})
	return results
}

// run is try for what has to succeed.
func (l *lab) run(service string, ids ...string) {
	l.t.Helper()
	for id, r := range l.try(service, ids...) {
		require.Zero(l.t, r.code, "%s on %s: %s", service, id, r.out)
	}
}

// refused is try for what all nodes have to refuse with one exit code and a reason.
func (l *lab) refused(code int, reason, service string, ids ...string) {
	l.t.Helper()
	for id, r := range l.try(service, ids...) {
		require.Equal(l.t, code, r.code, "%s on %s: %s", service, id, r.out)
		require.Contains(l.t, r.out, reason, "%s on %s", service, id)
	}
}

// on runs a line of shell on a node and gives what it prints.
func (l *lab) on(id, cmd string) string {
	l.t.Helper()
	r, err := l.shell(l.node(id), cmd, nil)
	require.NoError(l.t, err)
	require.Zero(l.t, r.ExitCode, "%s: %s%s", cmd, r.Stdout, r.Stderr)
	return strings.TrimSpace(string(r.Stdout))
}

// etcdctl asks the etcd of a node.
func (l *lab) etcdctl(id, args string) string {
	l.t.Helper()
	return l.on(id, fmt.Sprintf("/opt/app/bin/etcdctl --endpoints=http://%s:2379 %s", l.node(id).IP, args))
}
