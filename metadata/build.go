package metadata

import (
	"slices"
	"strings"

	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
)

// Build returns the whole tree of a cluster from its control record. It fails with one Invalid fault that lists all
// names that cannot be keys, nodes without an instance, and references to missing nodes or env keys.
func Build(rec *lifecycle.Record) (Tree, error) {
	if rec == nil || rec.Spec == nil {
		return nil, fault.New(fault.Invalid, "metadata: the control record has no specification")
	}
	b := builder{rec: rec, spec: rec.Shown().Spec, tree: make(Tree, 64+24*len(rec.Nodes))}
	b.cluster()
	b.endpoints()
	b.env()
	b.links()
	b.hosts("hosts", rec.Nodes)
	b.hosts("adding-hosts", b.nodes("adding", rec.Adding))
	b.hosts("deleting-hosts", b.nodes("deleting", rec.Deleting))
	if len(rec.VerticalScaling) > 0 {
		b.put(strings.Join(rec.VerticalScaling, ","), "vertical-scaling-roles")
	}
	if rec.UpgradeFrom != "" {
		b.put(rec.UpgradeFrom, "upgrade-audit", "from_app_version")
	}
	if len(b.problems) > 0 {
		slices.Sort(b.problems)
		f := fault.New(fault.Invalid, "metadata of cluster %s cannot be built: %s", rec.ClusterID, b.problems[0])
		f.Problems = slices.Compact(b.problems)
		return nil, f.At(rec.ClusterID, "", "")
	}
	return b.tree, nil
}

type builder struct {
	rec      *lifecycle.Record
	spec     *specs.Cluster
	tree     Tree
	problems []string
}

// put sets self/<parts...>.
func (b *builder) put(value string, parts ...string) { b.set("self/"+strings.Join(parts, "/"), value) }

func (b *builder) set(key, value string) { b.tree[key] = value }

// name checks one component of a key that comes from a package or a user, and returns false when it cannot be used.
func (b *builder) name(kind, name string) bool { return b.usable(kind, name, specs.KeyProblem(name)) }

func (b *builder) envKey(kind, name string) bool {
	return b.usable(kind, name, specs.EnvKeyProblem(name))
}

func (b *builder) usable(kind, name, why string) bool {
	if why != "" {
		b.problem("%s %q %s", kind, name, why)
	}
	return why == ""
}

func (b *builder) cluster() {
	r := b.rec
	for field, value := range map[string]string{
		"cluster_id": r.ClusterID, "app_id": r.AppID, "app_version": r.Shown().VersionID, "user_id": r.UserID,
		"global_uuid": r.GlobalUUID, "vxnet": b.spec.VxNet, "zone": r.Zone,
		// Drover has no cloud API. The keys exist so that templates with them render.
		"api_server/host": "", "api_server/port": "", "api_server/protocol": "", "api_server/zone": r.Zone,
	} {
		b.put(value, "cluster", field)
	}
}

// env publishes the cluster's env and, separately, the env of each role. A role-less package has one role without a
// name, so its env is part of the cluster's.
func (b *builder) env() {
	for key, value := range b.clusterEnv() {
		if b.envKey("env key", key) {
			b.put(value, "env", key)
			b.secret(key, value)
		}
	}
	for _, role := range b.spec.Roles {
		if role.Name == "" || !b.name("role", role.Name) {
			continue
		}
		for key, value := range role.Env {
			if b.envKey("env key of role "+role.Name, key) {
				b.set("roles/"+role.Name+"/env/"+key, value)
				b.secret(key, value)
			}
		}
	}
}

// secret marks an env key that contains a password for agents: only root of a node may read it over HTTP. A password
// counts as part of a longer value, such as a URL, unless it is so short that it would match by chance.
func (b *builder) secret(key, value string) {
	if slices.ContainsFunc(b.spec.Secrets, func(secret string) bool {
		return value == secret || len(secret) >= shortestSecret && strings.Contains(value, secret)
	}) {
		b.set(secrets+key, "")
	}
}

// secrets is the folder of those marks. It cannot collide with the env of a role of that name, which is one level deeper.
const secrets = "roles/secrets/"

// shortestSecret is the minimum length of a password that counts as part of a longer value.
const shortestSecret = 4

func (b *builder) clusterEnv() map[string]string { return b.spec.RoleEnv("") }

func (b *builder) links() {
	for name, clusterID := range b.spec.Links {
		if clusterID == "" {
			continue // declared but not set: absent
		}
		if b.name("link", name) && b.name("link "+name+" to cluster", clusterID) {
			b.put(clusterID, "links", name)
		}
	}
}
