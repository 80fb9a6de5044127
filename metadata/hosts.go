package metadata

import (
	"strconv"

	"drover/lifecycle"
)

// nodes returns the nodes of a temporary folder.
func (b *builder) nodes(folder string, ids []string) []lifecycle.Node {
	var out []lifecycle.Node
	for _, id := range ids {
		if n, ok := b.rec.Node(id); ok {
			out = append(out, *n)
		} else {
			b.problem("%s: node %q is not a node of the cluster", folder, id)
		}
	}
	return out
}

// hosts publishes nodes as <folder>/<role>/<instance_id>/<field>, or <folder>/<instance_id>/<field> when role-less.
// Replicas are a separate role.
func (b *builder) hosts(folder string, nodes []lifecycle.Node) {
	for i := range nodes {
		n := &nodes[i]
		if n.InstanceID == "" {
			b.problem("%s: node %s has no instance yet", folder, n.ID)
			continue
		}
		if !b.name("instance id of node "+n.ID, n.InstanceID) || (n.Role != "" && !b.name("role", n.Role)) {
			continue
		}
		dir := "self/" + folder + "/"
		if n.Role != "" {
			dir += n.Role + "/"
		}
		b.host(dir+n.InstanceID+"/", n)
	}
}

// host publishes the fields of a node. Fields of every machine are always present, even when the provider has no value
// for them: templates read them unconditionally. Fields of only some nodes are absent without a value: templates test
// them with exists, or count the values of getvs.
func (b *builder) host(dir string, n *lifecycle.Node) {
	for field, value := range map[string]string{
		"ip": n.IP, "mac": n.MAC,
		"node_id": n.ID, "instance_id": n.InstanceID, "role": n.Role,
		"instance_class": n.InstanceClass, "volume_class": n.VolumeClass,
		"physical_machine": n.PhysicalMachine, "zone": n.Zone, "hypervisor": n.Hypervisor,
	} {
		b.set(dir+field, value)
	}
	for field, value := range map[string]string{"eip": n.EIP, "gpu_class": n.GPUClass, "pub_key": n.PubKey, "token": n.Token} {
		if value != "" {
			b.set(dir+field, value)
		}
	}
	for field, value := range map[string]int{
		"sid": n.SID, "gid": n.GID, "gsid": n.GSID,
		"cpu": n.CPU, "gpu": n.GPU, "memory": n.Memory, "volume_size": n.VolumeSize,
	} {
		b.set(dir+field, strconv.Itoa(value))
	}
	for name, value := range b.spec.ReservedIPs {
		if value != "" && b.name("reserved ip", name) {
			b.set(dir+"reserved_ips/"+name+"/value", value)
		}
	}
}
