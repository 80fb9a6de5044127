package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/reader"
	"drover/metadata/store"
	"drover/specs"
	"drover/tests/stack/consultest"
)

const (
	clusterID = "cl-test0001"
	role      = "kv_node"
)

// record is the control record of a cluster of n nodes.
func record(n int) *lifecycle.Record {
	rec := &lifecycle.Record{
		ClusterID: clusterID, Name: "kv", AppID: "app-kv", VersionID: "v1", UserID: "drover", Zone: "z1",
		GlobalUUID: "00112233445566778899",
		Spec: &specs.Cluster{
			VxNet: "vx-1",
			Roles: []specs.Role{{Name: role, Count: n, Env: map[string]string{"port": "2379"}}},
			Env:   map[string]string{"quota": "2", "empty": ""},
			Endpoints: map[string]specs.Endpoint{
				"client": {Port: role + ".env.port", Protocol: "tcp"},
			},
		},
	}
	for i := range n {
		rec.Nodes = append(rec.Nodes, node(i))
	}
	return rec
}

// node has fields as varied as real ones, so that packing is measured fairly.
func node(i int) lifecycle.Node {
	mix := uint32(i+1) * 2654435761
	return lifecycle.Node{
		ID: fmt.Sprintf("cln-%08x", mix), InstanceID: fmt.Sprintf("i-%08x", mix^0x5bd1e995), Role: role,
		SID: i + 1, GID: i + 1, GSID: int(100000000 + mix%900000000), CPU: 2, Memory: 4096, VolumeSize: 100,
		InstanceClass: "101", IP: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255),
		MAC:  fmt.Sprintf("52:54:%02x:%02x:%02x:%02x", mix>>24, mix>>16&255, mix>>8&255, mix&255),
		Zone: "z1", Hypervisor: "local", PhysicalMachine: fmt.Sprintf("host-%d", i%7),
		PubKey: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 kv",
	}
}

func build(t testing.TB, rec *lifecycle.Record) metadata.Tree {
	t.Helper()
	tree, err := metadata.Build(rec)
	require.NoError(t, err)
	return tree
}

// parts are a store and a reader on the shared server, with a prefix of their own.
type parts struct {
	store        *store.Store
	addr, prefix string
}

func start(t testing.TB) parts {
	t.Helper()
	addr, client := consultest.Start(t)
	p := parts{addr: addr, prefix: consultest.Prefix()}
	p.store = store.New(client, p.prefix)
	return p
}

// publish publishes as the owner of the cluster.
func (p parts) publish(t testing.TB, id string, rev int64, run string, tree metadata.Tree) error {
	t.Helper()
	consultest.Own(t, p.store, id, run)
	return p.store.Publish(t.Context(), id, rev, run, tree)
}

// operation sets the operation as run "op".
func (p parts) operation(t testing.TB, id, operation string) error {
	t.Helper()
	consultest.Own(t, p.store, id, "op")
	return p.store.SetOperation(t.Context(), id, "op", operation)
}

// forget forgets a cluster as its owner.
func (p parts) forget(t testing.TB, id string) error {
	t.Helper()
	rec, _, err := p.store.Record(t.Context(), id)
	if fault.Is(err, fault.NotFound) {
		return p.store.Remove(t.Context(), id)
	}
	require.NoError(t, err)
	return p.store.Forget(t.Context(), id, rec.Operation.RunID)
}

func (p parts) reader() *reader.Reader {
	return reader.New(reader.Options{Addr: p.addr, Prefix: p.prefix})
}

// again is another store on the same keys, like the one of another worker.
func (p parts) again(t testing.TB) *store.Store {
	t.Helper()
	_, client := consultest.Start(t)
	return store.New(client, p.prefix)
}

// every is all control records, in order.
func every(t testing.TB, s *store.Store) []*lifecycle.Record {
	t.Helper()
	var all []*lifecycle.Record
	require.NoError(t, s.EachRecord(t.Context(), func(rec *lifecycle.Record) error {
		all = append(all, rec)
		return nil
	}))
	return all
}
