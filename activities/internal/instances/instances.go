// Package instances words the machines of nodes as providers take them. It makes none: package machines does.
package instances

import (
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
)

// Spec is the instance of a node, of the role as the version has it that the instance boots.
func Spec(rec *lifecycle.Record, role *specs.Role, n lifecycle.Node, key string) providers.InstanceSpec {
	zone := rec.Zone
	if role.Zone != "" {
		zone = role.Zone
	}
	s := providers.InstanceSpec{
		ID: n.InstanceID, Tags: providers.Tags{ClusterID: rec.ClusterID, NodeID: n.ID}, VxNet: rec.Spec.VxNet,
		Role: n.Role, Image: role.Container.Image, ContainerType: role.Container.Type, InstanceClass: n.InstanceClass, Zone: zone,
		Size: providers.Size{CPU: n.CPU, Memory: n.Memory, GPU: n.GPU}, AuthorizedKey: key,
	}
	for i, id := range n.VolumeIDs {
		s.Mounts = append(s.Mounts, providers.Mount{
			VolumeID: id, Path: role.Volume.MountPoints[i], Options: role.Volume.MountOptions,
		})
	}
	return s
}

// New is the demand of nodes that get their first instance and volumes.
func New(rec *lifecycle.Record, nodes []lifecycle.Node) providers.Demand {
	var d providers.Demand
	for _, n := range nodes {
		role, ok := rec.Spec.Role(n.Role)
		if !ok {
			continue
		}
		d.New = append(d.New, Spec(rec, role, n, ""))
		d.VolumeGiB += gib(n.VolumeSize, len(n.VolumeIDs))
	}
	return d
}

// Resized is the demand of nodes that get another size; 0 leaves one as it is.
func Resized(rec *lifecycle.Record, nodes []lifecycle.Node, to lifecycle.Size) providers.Demand {
	var d providers.Demand
	for _, n := range nodes {
		role, ok := rec.Spec.Role(n.Role)
		if !ok {
			continue
		}
		if to.VolumeSize != 0 {
			d.VolumeGiB += gib(to.VolumeSize, len(n.VolumeIDs)) - gib(n.VolumeSize, len(n.VolumeIDs))
		}
		changed := n
		if to.CPU != 0 {
			changed.CPU = to.CPU
		}
		if to.Memory != 0 {
			changed.Memory = to.Memory
		}
		if changed.CPU != n.CPU || changed.Memory != n.Memory {
			d.Resized = append(d.Resized, Spec(rec, role, changed, ""))
		}
	}
	return d
}

// gib is what a node's volumes have in all.
func gib(total, volumes int) (sum int) {
	for _, size := range lifecycle.VolumeSizes(total, volumes) {
		sum += size
	}
	return sum
}
