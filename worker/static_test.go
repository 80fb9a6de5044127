package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
	"drover/providers"
	"drover/providers/static"
	"drover/remote"
	"drover/tests/stack/consultest"
)

// TestStaticHosts takes two existing machines, sandboxes reached with the operator's key, through all operations of the
// provider.
func TestStaticHosts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	consulAddr, client := consultest.Start(t)
	prefix := consultest.Prefix()
	kv := store.New(client, prefix)
	given := giveHosts(t, 2, "127.93.9.0/28", "on_release: wipe\n", "cpu: 2, memory: 1024, mount_points: [/srv/data]")
	file, pool := given.inventory, given.pool
	open := func() *static.Provider {
		p, err := static.New(static.Options{Inventory: file, Book: kv.Document("hosts"), Shell: shell{pool}})
		require.NoError(t, err)
		return p
	}
	p := open()
	before := given.trees(t)
	hosts, err := p.CheckHosts(ctx, "", "")
	require.NoError(t, err)
	require.Len(t, hosts, 2)
	for _, h := range hosts {
		require.Equal(t, "free", h.State)
		for _, c := range h.Checks {
			require.Truef(t, c.OK || c.Name == "disk" || c.Name == "ports", "%s: %+v", h.Name, c)
		}
	}

	spec := func(cluster string) providers.InstanceSpec {
		tags := providers.Tags{ClusterID: cluster, NodeID: "cln-" + activities.RandomID()}
		v, err := p.CreateVolume(ctx, providers.VolumeSpec{ID: "vol-" + activities.RandomID(), Tags: tags, SizeGiB: 1})
		require.NoError(t, err)
		return providers.InstanceSpec{
			ID: "i-" + activities.RandomID(), Tags: tags, Image: "any", Size: providers.Size{CPU: 1, Memory: 512},
			Mounts: []providers.Mount{{VolumeID: v.ID, Path: "/srv/data"}}, AuthorizedKey: authorizedKey(given.drovers),
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
	require.NotEqual(t, made.SSH.Addr, second.SSH.Addr, "two clusters share a host")
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
	nodes := agents{remote: remote.NewAgents(pool), pool: pool, binary: given.agent}
	node := func(i providers.Instance) lifecycle.Node {
		return lifecycle.Node{
			ID: i.Tags.NodeID, InstanceID: i.ID, SID: 1, IP: i.IP, SSH: i.SSH,
		}
	}
	run := func(i providers.Instance, id, text string) string {
		cfg := agentapi.Config{
			ClusterID: i.Tags.ClusterID, NodeID: i.Tags.NodeID, InstanceID: i.ID, Consul: consulAddr, KVPrefix: prefix,
		}
		require.NoError(t, nodes.Ensure(ctx, node(i), cfg))
		st, err := nodes.Run(ctx, node(i), id, agentapi.Command{Cmd: text, TimeoutSec: 120, Stdout: true}, agentapi.Watch{})
		require.NoError(t, err)
		require.Zero(t, st.ExitCode, st.Output)
		return strings.TrimSpace(st.Stdout)
	}
	consultest.Own(t, kv, one.Tags.ClusterID, "w")
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
	require.Equal(t, made.SSH.Addr, replaced.SSH.Addr)
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
	require.Equal(t, before, given.trees(t), "a released host is not as it was")
	// A host whose key changed is refused, and the reservation can be given up.
	unknown := strings.Fields(authorizedKey(given.drovers))[1]
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	other := strings.NewReplacer(strings.Fields(made.SSH.HostKey)[1], unknown, strings.Fields(second.SSH.HostKey)[1], unknown)
	require.NoError(t, os.WriteFile(file, []byte(other.Replace(string(text))), 0o600))
	_, err = p.CreateInstance(ctx, three)
	require.Truef(t, fault.Is(err, fault.HostKeyChanged), "%v", err)
}
