package reader

import (
	"fmt"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
	"drover/specs"
	"drover/tests/stack/consultest"
)

// The tests are inside the package because they also test each source of a tree separately.

const clusterID = "cl-00000001"

// parts are a writer and readers on the same keys.
type parts struct {
	store        *store.Store
	client       *api.Client
	addr, prefix string
}

func start(t testing.TB) parts {
	t.Helper()
	addr, client := consultest.Start(t)
	return on(addr, client)
}

func on(addr string, client *api.Client) parts {
	prefix := consultest.Prefix()
	return parts{store: store.New(client, prefix), client: client, addr: addr, prefix: prefix}
}

func (p parts) reader() *Reader { return New(Options{Addr: p.addr, Prefix: p.prefix}) }

func (p parts) publish(t testing.TB, rev int64, tree metadata.Tree) {
	t.Helper()
	p.publishFor(t, clusterID, rev, tree)
}

func (p parts) publishFor(t testing.TB, id string, rev int64, tree metadata.Tree) {
	t.Helper()
	consultest.Own(t, p.store, id, "op")
	require.NoError(t, p.store.Publish(t.Context(), id, rev, "op", tree))
}

func record(nodes int) *lifecycle.Record {
	rec := &lifecycle.Record{ClusterID: clusterID, AppID: "app-kv", Spec: &specs.Cluster{
		Roles: []specs.Role{{Name: "kv", Env: map[string]string{"quota": "4", "own": "kv"}}, {Name: "client"}},
		Env:   map[string]string{"quota": "2", "a b.c": ""},
	}}
	for i := range nodes {
		rec.Nodes = append(rec.Nodes, lifecycle.Node{
			ID: fmt.Sprintf("cln-%08d", i), InstanceID: fmt.Sprintf("i-%08d", i), Role: "kv", SID: i + 1,
			IP: fmt.Sprintf("10.0.%d.%d", i/256, i%256),
		})
	}
	return rec
}

func build(t testing.TB, rec *lifecycle.Record) metadata.Tree {
	t.Helper()
	tree, err := metadata.Build(rec)
	require.NoError(t, err)
	return tree
}

// asTree returns a tree that was read in the form of the writer.
func (t *tree) asTree() metadata.Tree {
	out := metadata.Tree{}
	for _, e := range t.entries {
		out[e.Key[1:]] = e.Value
	}
	return out
}
