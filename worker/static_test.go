package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/activities"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/consultest"
	"drover/metadata/store"
	"drover/providers"
	"drover/providers/local"
	"drover/providers/static"
	"drover/remote"
)

// hostTree lists what a host has, with the content of what Drover may have touched.
const hostTree = `find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp \) -prune -o \( -path '*/drover*' -o -path '/root*' -o -path '/srv*' -o -path '/etc/*' -o -path '/var/lib/*' -o -path '/opt/*' \) -print | sort
cat /root/.ssh/authorized_keys 2>/dev/null || true`

// TestStaticHosts takes two machines through their time with Drover: sandboxes that somebody else made, reached with
// the operator's key.
func TestStaticHosts(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("machines to be given to Drover are made with root's powers")
	}
	ctx := t.Context()
	consulAddr, client := consultest.Start(t)
	prefix := consultest.Prefix()
	kv := store.New(client, prefix)
	agentBinary, nodeBinary := buildPrograms(t)
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "images", "bare", "opt"), 0o755))
	sshd := "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		t.Log("no OpenSSH here: the sandboxes' own SSH server stands in")
		sshd = ""
	}
	makers, err := local.New(local.Options{
		StateDir: filepath.Join(dir, "state"), ImagesDir: filepath.Join(dir, "images"), NodeBinary: nodeBinary,
		Range: "127.93.9.0/28", SSHServer: sshd,
	})
	if fault.Is(err, fault.NotAllowed) {
		t.Skipf("no sandboxes here: %v", err)
	}
	require.NoError(t, err)

	operator, operatorFile := newKeyFile(t, dir)
	var inventory strings.Builder
	inventory.WriteString("on_release: wipe\nhosts:\n")
	byAddr := map[string]static.Access{}
	for i := range 2 {
		id := "i-" + activities.RandomID()
		t.Cleanup(func() { require.NoError(t, makers.DeleteInstance(context.WithoutCancel(ctx), id)) })
		made, err := makers.CreateInstance(ctx, providers.InstanceSpec{
			ID: id, Tags: providers.Tags{ClusterID: "cl-machines"}, Image: "bare", ContainerType: "local",
			Size: providers.Size{CPU: 1, Memory: 256}, AuthorizedKey: authorizedKey(operator),
		})
		require.NoError(t, err)
		host, port, _ := strings.Cut(made.SSHAddr, ":")
		fmt.Fprintf(&inventory, "  - {name: h%d, host: %s, port: %s, key_file: %s, host_key: %q, cpu: 2, memory: 1024, mount_points: [/srv/data]}\n",
			i, host, port, operatorFile, strings.TrimSpace(made.HostKey))
		byAddr[made.SSHAddr] = static.Access{Addr: made.SSHAddr, User: "root", HostKey: made.HostKey, KeyFile: operatorFile}
	}
	file := filepath.Join(dir, "hosts.yaml")
	require.NoError(t, os.WriteFile(file, []byte(inventory.String()), 0o600))

	drovers, _ := newKeyFile(t, t.TempDir())
	pool := remote.New(remote.Options{Signer: drovers, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { pool.Close() })
	open := func() *static.Provider {
		p, err := static.New(static.Options{Inventory: file, Book: kv.Document("hosts"), Shell: shell{pool}})
		require.NoError(t, err)
		return p
	}
	p := open()
	tree := func(addr string) string {
		r, err := shell{pool}.Run(ctx, byAddr[addr], hostTree)
		require.NoError(t, err)
		return r.Stdout
	}
	before := map[string]string{}
	for addr := range byAddr {
		before[addr] = tree(addr)
	}
	hosts, err := p.CheckHosts(ctx, "")
	require.NoError(t, err)
	require.Len(t, hosts, 2)
	for _, h := range hosts {
		require.Equal(t, "free", h.State)
		for _, c := range h.Checks {
			require.Truef(t, c.OK || c.Name == "disk", "%s: %+v", h.Name, c)
		}
	}

	spec := func(cluster string) providers.InstanceSpec {
		tags := providers.Tags{ClusterID: cluster, NodeID: "cln-" + activities.RandomID()}
		v, err := p.CreateVolume(ctx, providers.VolumeSpec{ID: "vol-" + activities.RandomID(), Tags: tags, SizeGiB: 1})
		require.NoError(t, err)
		return providers.InstanceSpec{
			ID: "i-" + activities.RandomID(), Tags: tags, Image: "any", Size: providers.Size{CPU: 1, Memory: 512},
			Mounts: []providers.Mount{{VolumeID: v.ID, Path: "/srv/data"}}, AuthorizedKey: authorizedKey(drovers),
		}
	}
	one, two, three := spec("cl-one00000"), spec("cl-two00000"), spec("cl-two00000")
	made, err := p.CreateInstance(ctx, one)
	require.NoError(t, err)
	again, err := open().CreateInstance(ctx, one) // another worker
	require.NoError(t, err)
	require.Equal(t, made, again)
	second, err := p.CreateInstance(ctx, two)
	require.NoError(t, err)
	require.NotEqual(t, made.SSHAddr, second.SSHAddr, "two clusters share a host")
	_, err = p.CreateInstance(ctx, three)
	require.Truef(t, fault.Is(err, fault.NotAllowed), "%v", err)
	require.ErrorContains(t, err, "has instance "+one.ID+" of cluster cl-one00000")

	// Another installation sees that the host is taken, and touches nothing.
	stranger, err := static.New(static.Options{Inventory: file, Book: kv.Document("others"), Shell: shell{pool}})
	require.NoError(t, err)
	foreign := one
	foreign.ID, foreign.Mounts = "i-foreign1", nil
	_, err = stranger.CreateInstance(ctx, foreign)
	require.Truef(t, fault.Is(err, fault.Conflict), "%v", err)
	require.NoError(t, stranger.DeleteInstance(ctx, foreign.ID))

	// The agent works there, reached as root with Drover's own key.
	nodes := agents{remote: remote.NewAgents(pool), pool: pool, binary: agentBinary}
	node := func(i providers.Instance) lifecycle.Node {
		return lifecycle.Node{
			ID: i.Tags.NodeID, InstanceID: i.ID, SID: 1, IP: i.IP, SSH: lifecycle.SSH{Addr: i.SSHAddr, User: i.SSHUser, HostKey: i.HostKey},
		}
	}
	run := func(i providers.Instance, id, text string) string {
		cfg := agentapi.Config{
			ClusterID: i.Tags.ClusterID, NodeID: i.Tags.NodeID, InstanceID: i.ID, Consul: consulAddr, KVPrefix: prefix,
		}
		require.NoError(t, nodes.Ensure(ctx, node(i), cfg))
		st, err := nodes.Run(ctx, node(i), id, agentapi.Command{Cmd: text, TimeoutSec: 120, Stdout: true}, nil)
		require.NoError(t, err)
		require.Zero(t, st.ExitCode, st.Output)
		return strings.TrimSpace(st.Stdout)
	}
	require.NoError(t, kv.Publish(ctx, one.Tags.ClusterID, 1, "w", metadata.Tree{
		"self/host/node_id": one.Tags.NodeID, "self/hosts/" + one.ID + "/node_id": one.Tags.NodeID,
	}))
	run(made, "write", "echo kept > /srv/data/file")

	// In place: the same host under another id, with its data; sizes stay.
	next := one
	next.ID, next.Image = "i-"+activities.RandomID(), "newer"
	replaced, err := p.ReplaceImage(ctx, one.ID, next)
	require.NoError(t, err)
	twice, err := p.ReplaceImage(ctx, one.ID, next)
	require.NoError(t, err)
	require.Equal(t, replaced, twice)
	require.Equal(t, made.SSHAddr, replaced.SSHAddr)
	require.Equal(t, "kept", run(replaced, "read", "cat /srv/data/file"))
	require.Truef(t, fault.Is(p.ResizeInstance(ctx, next.ID, providers.Size{CPU: 2, Memory: 512}), fault.NotAllowed), "a host was resized")
	require.NoError(t, p.StopInstance(ctx, next.ID))
	_, err = nodes.Status(ctx, node(replaced))
	require.Error(t, err, "the agent of a stopped instance answers")
	_, err = p.StartInstance(ctx, next.ID)
	require.NoError(t, err)
	require.Equal(t, "kept", run(replaced, "read-again", "cat /srv/data/file"))

	for _, id := range []string{next.ID, next.ID, two.ID} {
		require.NoError(t, p.DeleteInstance(ctx, id))
	}
	for addr := range byAddr {
		require.Equal(t, before[addr], tree(addr), "a released host is not as it was")
	}
	// A host whose key changed is refused, and the reservation can be given up.
	text := strings.ReplaceAll(inventory.String(), strings.Fields(made.HostKey)[1], strings.Fields(authorizedKey(drovers))[1])
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(text, strings.Fields(second.HostKey)[1], strings.Fields(authorizedKey(drovers))[1])), 0o600))
	_, err = p.CreateInstance(ctx, three)
	require.Truef(t, fault.Is(err, fault.HostKeyChanged), "%v", err)
}

// newKeyFile makes a key, and a file with its private half.
func newKeyFile(t *testing.T, dir string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	file := filepath.Join(dir, "id_ed25519")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return signer, file
}
