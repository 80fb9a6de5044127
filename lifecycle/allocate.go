package lifecycle

import (
	"fmt"

	"drover/specs"
)

// IDs makes the identifiers a new node needs. Implementations decide where randomness comes from; the same kind always
// gives ids of the same length, because packages search them with regular expressions.
type IDs interface {
	Node() string     // cln-xxxxxxxx
	Instance() string // i-xxxxxxxx
	Volume() string   // vol-xxxxxxxx
	GSID() int        // 9 digits, unique over all clusters
}

// Allocate makes the nodes a new cluster of the specification starts with, ordered by role, then sid.
//
// sids count from 1 per role, a replica role continuing its master's; a gid belongs to one master and its replicas.
func Allocate(spec *specs.Cluster, ids IDs) ([]Node, error) {
	var nodes []Node
	nextSID := map[string]int{}
	nextGID := map[string]int{}
	for _, role := range spec.Roles {
		master := role.Master()
		for i := range role.Count {
			nextSID[master]++
			gid := i + 1
			if role.ReplicaOf == "" {
				nextGID[master]++
				gid = nextGID[master]
			} else if masters := nextGID[master]; masters > 0 {
				gid = i%masters + 1
			}
			nodes = append(nodes, newNode(role, nextSID[master], gid, ids))
		}
		if bound := role.ServerIDUpperBound; bound > 0 && nextSID[master] > bound {
			return nil, fmt.Errorf("role %q: %d nodes need server ids up to %d, and server_id_upper_bound is %d",
				role.Name, role.Count, nextSID[master], bound)
		}
	}
	return nodes, nil
}

// Extend makes count more nodes of a master role, with the replicas that belong to them, beside the nodes that live.
// New sids continue from the highest one in use, new gids likewise.
func Extend(spec *specs.Cluster, living []Node, role string, count int, ids IDs) ([]Node, error) {
	master, ok := spec.Role(role)
	if !ok {
		return nil, fmt.Errorf("the cluster has no role %q", role)
	}
	sid, gid := 0, 0
	for _, n := range living {
		if r, ok := spec.Role(n.Role); ok && r.Master() == role {
			sid, gid = max(sid, n.SID), max(gid, n.GID)
		}
	}
	replicas := 0
	for _, r := range spec.Roles {
		if r.ReplicaOf == role {
			replicas += master.Replica
		}
	}
	if all := len(living) + count*(1+replicas); all > specs.MaxNodes {
		return nil, fmt.Errorf("the cluster would have %d nodes; at most %d are possible", all, specs.MaxNodes)
	}
	if bound, last := master.ServerIDUpperBound, sid+count*(1+replicas); bound > 0 && last > bound {
		return nil, fmt.Errorf("role %q: server ids would go up to %d, and server_id_upper_bound is %d", role, last, bound)
	}
	var nodes []Node
	add := func(r specs.Role, gid int) {
		sid++
		nodes = append(nodes, newNode(r, sid, gid, ids))
	}
	for i := range count {
		add(*master, gid+i+1)
	}
	for _, r := range spec.Roles {
		if r.ReplicaOf != role {
			continue
		}
		for range master.Replica {
			for i := range count {
				add(r, gid+i+1)
			}
		}
	}
	return nodes, nil
}

func newNode(role specs.Role, sid, gid int, ids IDs) Node {
	n := Node{
		ID: ids.Node(), InstanceID: ids.Instance(), Role: role.Name, SID: sid, GID: gid, GSID: ids.GSID(),
		CPU: role.CPU, Memory: role.Memory, GPU: role.GPU,
		InstanceClass: role.InstanceClass, VolumeClass: role.VolumeClass, GPUClass: role.GPUClass, Zone: role.Zone,
	}
	if role.Volume != nil && role.Volume.Size > 0 {
		n.VolumeSize = role.Volume.Size
		for range role.Volume.MountPoints {
			n.VolumeIDs = append(n.VolumeIDs, ids.Volume())
		}
	}
	return n
}

// VolumeSizes splits a node's volume size over n mount points in whole GiB, the first taking the rest; none is below 1.
func VolumeSizes(total, n int) []int {
	sizes := make([]int, n)
	for i := range sizes {
		sizes[i] = max(1, total/n)
	}
	if n > 0 && total > n*sizes[0] {
		sizes[0] += total - n*sizes[0]
	}
	return sizes
}
