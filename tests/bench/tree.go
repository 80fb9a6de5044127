package main

import (
	"context"
	"fmt"

	"drover/lifecycle"
	"drover/metadata"
	"drover/specs"
)

// benchRun owns the clusters of the benchmarks.
const benchRun = "bench"

// publishFirst makes a cluster, and the tree its first revision.
func (b *bench) publishFirst(ctx context.Context, id string, tree metadata.Tree) error {
	rec := &lifecycle.Record{ClusterID: id, Operation: lifecycle.Operation{RunID: benchRun}}
	if _, err := b.store.PutRecord(ctx, rec, 0); err != nil {
		return err
	}
	return b.store.Publish(ctx, id, 1, benchRun, tree)
}

const treeRole = "node"

// treeOf is the metadata of a cluster with n nodes, in the shape a control record gives it.
func treeOf(clusterID string, n int) (metadata.Tree, error) {
	rec := &lifecycle.Record{
		ClusterID: clusterID, Name: "bench", AppID: "bench", VersionID: "1", UserID: "drover", Zone: "z1",
		Spec: &specs.Cluster{
			Roles:     []specs.Role{{Name: treeRole, Count: n, Env: map[string]string{"port": "2379"}}},
			Env:       map[string]string{"quota": "2", "log_level": "info"},
			Endpoints: map[string]specs.Endpoint{"client": {Port: "2379", Protocol: "tcp"}},
		},
	}
	for i := range n {
		rec.Nodes = append(rec.Nodes, treeNode(i))
	}
	return metadata.Build(rec)
}

func instanceID(i int) string { return fmt.Sprintf("i-%08x", spread(i)^0x5bd1e995) }

// spread makes values as different from node to node as real ones, so that packing them is measured fairly.
func spread(i int) uint32 { return uint32(i+1) * 2654435761 }

func treeNode(i int) lifecycle.Node {
	mix := spread(i)
	return lifecycle.Node{
		ID: fmt.Sprintf("cln-%08x", mix), InstanceID: instanceID(i), Role: treeRole,
		SID: i + 1, GID: i + 1, GSID: int(100000000 + mix%900000000), CPU: 2, Memory: 4096, VolumeSize: 100,
		InstanceClass: "101", IP: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255),
		MAC:  fmt.Sprintf("52:54:%02x:%02x:%02x:%02x", mix>>24, mix>>16&255, mix>>8&255, mix&255),
		Zone: "z1", Hypervisor: "local", PhysicalMachine: fmt.Sprintf("host-%d", i%7),
		PubKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI bench",
	}
}
