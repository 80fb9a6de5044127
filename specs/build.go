package specs

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// clusterActions are the advanced actions known; others are kept.
var clusterActions = map[string]bool{
	"change_vxnet": true, "scale_horizontal": true, "associate_eip": true, "add_nodes": true, "add_links": true,
}

func (b *builder) cluster(doc *value) *Cluster {
	c := &Cluster{Extra: map[string]json.RawMessage{}}
	f := b.object(doc, "")
	if f == nil {
		return c
	}
	c.Name = f.text("name")
	c.Description = f.text("description")
	c.VxNet = f.text("vxnet")
	c.Env = f.env("env")
	c.Links = b.links(f)
	c.AdvancedActions = f.actions()
	c.UpgradePolicy = f.texts("upgrade_policy")
	c.UpgradingPolicy = f.upgradingPolicy()
	c.MultiZonePolicy = f.text("multi_zone_policy")
	c.MetadataRootAccess = f.flag("metadata_root_access", false)
	c.BackupPolicy = f.text("backup_policy")
	c.IncrementalBackup = f.flag("incremental_backup_supported", false)
	health, _ := f.get("health_check")
	monitor, _ := f.get("monitor")
	c.Roles = b.roles(f, health, monitor)
	b.endpoints(f, c)
	f.extra("", c.Extra)
	if len(c.Extra) == 0 {
		c.Extra = nil
	}
	return c
}

// upgradingPolicy maps the in-place kinds, which replace software and not machines, to the order they ask for.
func (f *fields) upgradingPolicy() string {
	got := f.text("upgrading_policy")
	if rest, inPlace := strings.CutPrefix(got, "in-place-"); inPlace && (rest == "parallel" || rest == "sequential") {
		v, _ := f.get("upgrading_policy")
		f.b.warn(v, f.at("upgrading_policy"), "in-place upgrades are not supported; nodes get the new image, %s", rest)
		return rest
	}
	return f.choice("upgrading_policy", "parallel", "sequential")
}

func (f *fields) actions() []string {
	list := f.texts("advanced_actions")
	for i, a := range list {
		if !clusterActions[a] {
			v, _ := f.get("advanced_actions")
			f.b.warn(v, fmt.Sprintf("%s[%d]", f.at("advanced_actions"), i), "unknown advanced action %q; it has no effect", a)
		}
	}
	return list
}

func (b *builder) links(f *fields) map[string]string {
	v, ok := f.get("links")
	if !ok {
		return nil
	}
	l := b.object(v, "links")
	if l == nil {
		return nil
	}
	out := map[string]string{}
	for _, m := range v.members {
		if !b.keyName(m.value, l.at(m.key), "link", m.key) {
			continue
		}
		if m.value.kind == kindList && len(m.value.elems) <= 1 { // a service item may be a list
			out[m.key] = textOf(m.value.plain())
			continue
		}
		out[m.key] = l.text(m.key)
	}
	return out
}

// keyName checks a name that becomes a part of a metadata key.
func (b *builder) keyName(v *value, path, what, name string) bool {
	why := KeyProblem(name)
	if why != "" {
		b.fail(v, path, "%s %q cannot be a metadata key: it %s", what, brief(name), why)
	}
	return why == ""
}

// env reads an env object: every key as text. Lists are joined with commas; null is "".
func (f *fields) env(key string) map[string]string {
	v, ok := f.get(key)
	if !ok {
		return nil
	}
	if v.kind != kindObject {
		f.b.fail(v, f.at(key), "expected an object, found a %s", v.kind)
		return nil
	}
	out := make(map[string]string, len(v.members))
	for _, m := range v.members {
		path := join(f.at(key), m.key)
		if !f.b.keyName(m.value, path, "env key", m.key) {
			continue
		}
		if it, ok := f.b.item(m.value); ok && it.Type == typeAccessKey {
			id, secret := accessKey(m.value.plain())
			out[m.key+"/"+accessKeyID], out[m.key+"/"+secretAccessKey] = id, secret
			continue
		}
		if m.value.kind == kindObject {
			f.b.warn(m.value, path, "env values are text; this object is published as JSON text")
		}
		out[m.key] = textOf(m.value.plain())
	}
	return out
}

// roles reads nodes[]. A role with replicas is followed by the role of its replicas.
func (b *builder) roles(f *fields, health, monitor *value) []Role {
	nodes, ok := f.get("nodes")
	if !ok {
		b.fail(f.obj, "nodes", "missing: a cluster has at least one entry in nodes")
		return nil
	}
	if nodes.kind != kindList || len(nodes.elems) == 0 {
		b.fail(nodes, "nodes", "expected a list with at least one entry")
		return nil
	}
	if len(nodes.elems) > maxRoles {
		b.fail(nodes, "nodes", "%d entries; a cluster has at most %d roles", len(nodes.elems), maxRoles)
		return nil
	}
	var out []Role
	var total float64
	first := map[string]int{}
	bad := false
	for i, n := range nodes.elems {
		path := fmt.Sprintf("nodes[%d]", i)
		nf := b.object(n, path)
		if nf == nil {
			bad = true
			continue
		}
		r := b.role(nf, health, monitor)
		b.roleName(nf, r.Name, len(nodes.elems))
		if j, twice := first[r.Name]; twice && r.Name != "" {
			b.fail(n, nf.at("role"), "role %q is also nodes[%d]; each role has one entry", r.Name, j)
		}
		first[r.Name] = i
		if r.Count < 0 {
			bad, r.Count = true, 0
		}
		if b.kept > maxCluster {
			b.fail(n, path, "with this role the cluster has more than %d KiB as JSON, the most that can be stored", maxCluster>>10)
			return nil
		}
		total += float64(r.Count)
		out = append(out, r)
		if r.Replica > 0 {
			total += float64(r.Count) * float64(r.Replica)
			out = append(out, b.replica(nf, r))
		}
	}
	if total == 0 && !bad {
		b.fail(nodes, "nodes", "the counts of all roles add up to 0; a cluster needs at least one node")
	}
	if total > MaxNodes {
		b.fail(nodes, "nodes", "the counts of all roles, replicas included, add up to %.0f; a cluster has at most %d nodes", total, MaxNodes)
	}
	return out
}

const replicaSuffix = "-replica"

func (b *builder) roleName(f *fields, name string, entries int) {
	v, ok := f.get("role")
	if name == "" && entries > 1 {
		if !ok {
			v = f.obj
		}
		b.fail(v, f.at("role"), "missing: only a package with exactly one entry in nodes may omit the role")
	}
	if strings.HasSuffix(name, replicaSuffix) {
		b.fail(v, f.at("role"), "role %q: names ending in %s are reserved for replicas", name, replicaSuffix)
	}
	if strings.ContainsAny(name, "/, \t\r\n") {
		b.fail(v, f.at("role"), `role %q: a role name is a key in the metadata tree and must not contain "/", "," or a space`, name)
	} else if name != "" {
		b.keyName(v, f.at("role"), "role", name)
	}
}

// replica derives the role of a master's replicas: everything is shared, the count is masters times replicas.
func (b *builder) replica(f *fields, master Role) Role {
	r := master
	if master.Name == "" {
		v, _ := f.get("replica")
		b.fail(v, f.at("replica"), "replicas need a role name")
	}
	r.Name = master.Name + replicaSuffix
	r.ReplicaOf = master.Name
	r.Replica, r.MinCount, r.Items = 0, 0, nil // sizes and count are the master's
	r.Count = master.Count * master.Replica
	return r
}

const maxInt = math.MaxInt32
