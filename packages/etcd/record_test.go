package etcd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/metadata"
	"drover/specs"
)

const role = "etcd_node"

var versions = []string{"3.5", "3.6"}

func open(t *testing.T, version string) *specs.Package {
	t.Helper()
	dir, err := built()
	require.NoError(t, err)
	p, err := specs.Open(dir + "/packages/etcd-" + version)
	require.NoError(t, err)
	return p
}

// newRecord is the control record of a cluster without nodes.
func newRecord(t *testing.T, version string, values map[string]any) *lifecycle.Record {
	t.Helper()
	spec, _, err := open(t, version).Render(t.Context(), values)
	require.NoError(t, err)
	return &lifecycle.Record{ClusterID: "cl-e7cde7cd", AppID: "etcd", VersionID: version, GlobalUUID: "1", Spec: spec}
}

// grow appends nodes; addresses are set by the code that creates the machines.
func grow(rec *lifecycle.Record, n int) []string {
	var ids []string
	for range n {
		sid := 1
		for _, have := range rec.Nodes {
			sid = max(sid, have.SID+1)
		}
		// Instance ids sort the other way round: nothing may depend on their order.
		id := fmt.Sprintf("cln-%08d", sid)
		rec.Nodes = append(rec.Nodes, lifecycle.Node{
			ID: id, InstanceID: fmt.Sprintf("i-%08d", 99999999-sid), Role: role, SID: sid, GID: sid, GSID: 100000000 + sid,
			CPU: 1, Memory: 2048, VolumeSize: 10, VolumeIDs: []string{fmt.Sprintf("vol-%08d", sid)},
			IP: fmt.Sprintf("10.0.0.%d", sid),
		})
		ids = append(ids, id)
	}
	return ids
}

// view is what templates on a node see.
func view(t *testing.T, rec *lifecycle.Record, nodeID string) map[string]string {
	t.Helper()
	tree, err := metadata.Build(rec)
	require.NoError(t, err)
	n, ok := rec.Node(nodeID)
	require.True(t, ok, nodeID)
	own := "/hosts/" + role + "/" + n.InstanceID + "/"
	kv := map[string]string{}
	for key, value := range tree {
		path, ok := strings.CutPrefix(key, "self")
		if !ok {
			continue
		}
		kv[path] = value
		if field, ok := strings.CutPrefix(path, own); ok {
			kv["/host/"+field] = value
		}
	}
	return kv
}
