package specs

import (
	"encoding/json"
	"fmt"
	"testing"

	agentapi "drover/agent/api"

	"github.com/stretchr/testify/require"
)

// clusterOf renders a template without placeholders.
func clusterOf(t *testing.T, template string) *Cluster {
	t.Helper()
	c, _, err := nodesPackage(t, template).Render(t.Context(), nil)
	require.NoError(t, err)
	return c
}

// TestRules: one rule a line, as a change to a good node or cluster, and what is said about it.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, node, cluster string
		sev                 Severity
		want                string // "" means: nothing at all
	}{
		{"nothing special", ``, ``, "", ""},
		{"count 0 alone", `"count": 0`, ``, SeverityError, "nodes: the counts of all roles add up to 0"},
		{"count missing", `"count": null`, ``, SeverityError, "nodes[0].count: missing"},
		{"count fraction", `"count": 1.5`, ``, SeverityError, "nodes[0].count: expected an integer, found 1.5"},
		{"count whole float", `"count": 2.0`, ``, "", ""},
		{"count as text", `"count": "2"`, ``, "", ""},
		{"count beyond all", `"count": 1000001`, ``, SeverityError, "a cluster has at most 1250 nodes"},
		{"count times replicas beyond all", `"count": 1000, "replica": 1000`, ``, SeverityError, "a cluster has at most 1250 nodes"},
		{"memory 0", `"memory": 0`, ``, SeverityError, "nodes[0].memory: 0 is not allowed"},
		{"cpu list", `"cpu": [1]`, ``, SeverityError, "nodes[0].cpu: expected an integer, found a list"},
		{"reserved name", `"role": "x-replica"`, ``, SeverityError, "names ending in -replica are reserved"},
		{"name with slash", `"role": "a/b"`, ``, SeverityError, "a role name is a key in the metadata tree"},
		{"name with comma", `"role": "a,b"`, ``, SeverityError, "a role name is a key in the metadata tree"},
		{"name with dots and dashes", `"role": "a.b-c_d"`, ``, "", ""},
		{"replicas without a name", `"role": "", "replica": 1`, ``, SeverityError, "nodes[0].replica: replicas need a role name"},
		{"no role is fine alone", `"role": null`, ``, "", ""},
		{"no container", `"container": null`, ``, SeverityWarning, "nodes[0].container: missing"},
		{"no image", `"container": {"type": "kvm"}`, ``, SeverityWarning, "nodes[0].container.image: missing"},
		{"server ids run out", `"count": 3, "replica": 1, "server_id_upper_bound": 5`, ``, SeverityError, "the role has 6 nodes, but server ids end at 5"},
		{"passphraseless", `"passphraseless": "ssh-ed25519"`, ``, SeverityError, `"ssh-ed25519" is not allowed: one of ssh-rsa, ssh-dsa`},
		{"scaling policy", `"vertical_scaling_policy": "random"`, ``, SeverityError, "one of parallel, sequential"},
		{"user access as text", `"user_access": "true"`, ``, "", ""},
		{"user access in words", `"user_access": "sure"`, ``, SeverityError, "expected true or false"},
		{"role actions unknown", `"advanced_actions": ["dance"]`, ``, SeverityWarning, `unknown advanced action "dance"`},
		{"role actions no list", `"advanced_actions": "scale_horizontal"`, ``, SeverityError, "expected a list of strings, found a string"},
		{"custom metadata without command", `"custom_metadata": {}`, ``, SeverityError, "nodes[0].custom_metadata.cmd: missing"},

		{"volume without size", `"volume": {}`, ``, SeverityError, "nodes[0].volume.size: missing"},
		{"volume of size 0", `"volume": {"size": 0}`, ``, SeverityWarning, "nodes of this role get no volume"},
		{"volume size as text", `"volume": {"size": "10"}`, ``, "", ""},
		{"three mounts", `"volume": {"size": 30, "mount_point": ["/a", "/b", "/c"]}`, ``, "", ""},
		{"four mounts", `"volume": {"size": 40, "mount_point": ["/a", "/b", "/c", "/d"]}`, ``, SeverityError, "4 mount points; a node has at most 3"},
		{"mount twice", `"volume": {"size": 40, "mount_point": ["/a", "/a/"]}`, ``, SeverityError, `duplicate mount point "/a/"`},
		{"mount on /", `"volume": {"size": 40, "mount_point": "/"}`, ``, SeverityError, `"/" is not a mount point`},
		{"mount relative", `"volume": {"size": 40, "mount_point": "data"}`, ``, SeverityError, `"data" is not a mount point`},
		{"mount climbing", `"volume": {"size": 40, "mount_point": "/data/../etc"}`, ``, SeverityError, "is not a mount point"},
		{"uneven split", `"volume": {"size": 5, "mount_point": ["/a", "/b"]}`, ``, SeverityWarning, "5 GiB do not split evenly over 2"},
		{"too small a split", `"volume": {"size": 1, "mount_point": ["/a", "/b"]}`, ``, SeverityError, "cannot be split"},

		{"service order text", `"services": {"start": {"order": "last"}}`, ``, SeverityError, `services.start.order: expected an integer, found "last"`},
		{"service order negative", `"services": {"start": {"order": -1}}`, ``, SeverityError, "-1 is not allowed"},
		{"service timeout at most", `"services": {"start": {"timeout": 86400}}`, ``, "", ""},
		{"service timeout beyond", `"services": {"start": {"timeout": 86401}}`, ``, SeverityError, "86401 is not allowed: from 1 to 86400"},
		{"service no object", `"services": {"start": "appctl start"}`, ``, SeverityError, "services.start: expected an object, found a string"},
		{"service cmd no string", `"services": {"start": {"cmd": ["a"]}}`, ``, SeverityError, "services.start.cmd: expected a string, found a list"},
		{"service on more nodes", `"services": {"init": {"cmd": "x", "nodes_to_execute_on": 2}}`, ``, SeverityWarning, "2 nodes, but the role has 1"},
		{"service on replicas too", `"replica": 1, "services": {"init": {"cmd": "x", "nodes_to_execute_on": 2}}`, ``, "", ""},
		{"hook", `"services": {"change_vxnet": {"cmd": "x", "event": 1}}`, ``, "", ""},
		{"custom with spaces", `"services": {"Do It Now": {"type": "custom", "cmd": "x", "service_params": {"cmd": 1, "timeout": 99999999}}}`, ``, "", ""},
		{"service type", `"services": {"x": {"type": "cron", "cmd": "x"}}`, ``, SeverityWarning, `unknown type "cron"`},
		{"custom standard", `"services": {"start": {"type": "custom", "cmd": "x"}}`, ``, SeverityWarning, "start is a standard service"},
		{"post start of stop", `"services": {"stop": {"post_start_service": true}}`, ``, SeverityWarning, "only for init and upgrade"},
		{"allow force of start", `"services": {"start": {"allow_force": false}}`, ``, SeverityWarning, "only for destroy"},
		{"params no object", `"services": {"x": {"cmd": "y", "service_params": [1]}}`, ``, SeverityWarning, "expected an object of parameters"},

		{"health without command", `"health_check": {"enable": true, "action_cmd": "x"}`, ``, SeverityError, "health_check.check_cmd: missing"},
		{"health without command of the cluster", ``, `"health_check": {"enable": true, "action_cmd": "x"}`, SeverityError, "health_check.check_cmd: missing"},
		{"health disabled", `"health_check": {}`, ``, "", ""},
		{"health command from the cluster", `"health_check": {"enable": true}`, `"health_check": {"check_cmd": "x", "action_cmd": "y"}`, "", ""},
		{"health without action", `"health_check": {"enable": true, "check_cmd": "x"}`, ``, SeverityWarning, "health_check.action_cmd: missing"},
		{"health interval 0", `"health_check": {"interval_sec": 0}`, ``, SeverityError, "0 is not allowed"},
		{"health no object", `"health_check": true`, ``, SeverityError, "expected an object, found a boolean"},
		{"monitor without cmd", `"monitor": {"enable": true}`, ``, SeverityWarning, "monitor.cmd: missing"},
		{"monitor names", `"monitor": {"items": {"a": {}}, "groups": {"g": ["a", "b"]}, "display": ["g", "a"], "alarm": ["a"]}`, ``, SeverityWarning, `monitor.groups.g[1]: "b" is not an item of the monitor`},
		{"monitor alarm of a group", `"monitor": {"items": {"a": {}}, "groups": {"g": ["a"]}, "alarm": ["g"]}`, ``, SeverityWarning, `monitor.alarm[0]: "g" is not an item of the monitor`},
		{"monitor value type", `"monitor": {"items": {"a": {"value_type": "real"}}}`, ``, SeverityWarning, `expected "int" or "str"`},

		{"env no object", ``, `"env": []`, SeverityError, "env: expected an object, found a list"},
		{"env nested", ``, `"env": {"a": {"b": 1}}`, SeverityWarning, "this object is published as JSON text"},
		{"env key that is a folder", ``, `"env": {"..": 1}`, SeverityError, `env key ".." cannot be a metadata key`},
		{"env key with slash", ``, `"env": {"a/b": 1}`, SeverityError, `env key "a/b" cannot be a metadata key: it contains a slash`},
		{"upgrading policy", ``, `"upgrading_policy": "rolling"`, SeverityError, `"rolling" is not allowed`},
		{"upgrading in place", ``, `"upgrading_policy": "in-place-parallel"`, SeverityWarning, "in-place upgrades are not supported"},
		{"duplicate key", ``, `"env": {"a": 1, "a": 2}`, SeverityWarning, "env.a: duplicate key; the last one is used"},
		{"links no object", ``, `"links": "x"`, SeverityError, "links: expected an object"},
		{"unknown keys", ``, `"in-place-upgrade-nodes": [], "display_tabs": {}, "advanced_services": {}`, "", ""},

		{"port", ``, `"endpoints": {"e": {"port": 80, "protocol": "tcp"}}`, "", ""},
		{"port 0", ``, `"endpoints": {"e": {"port": 0}}`, "", ""},
		{"port range", ``, `"endpoints": {"e": {"port": "8000-8010"}}`, "", ""},
		{"port of env", ``, `"env": {"web.port": 1}, "endpoints": {"e": {"port": "env.web.port"}}`, "", ""},
		{"port of a role's env", `"role": "r.s", "env": {"p": "1"}`, `"endpoints": {"e": {"port": "r.s.env.p"}}`, "", ""},
		{"port of the only role's env", `"env": {"p": "1"}`, `"endpoints": {"e": {"port": "env.p"}}`, "", ""},
		{"port of no env", ``, `"endpoints": {"e": {"port": "env.p"}}`, SeverityError, `refers to an env key that is not in cluster.json: "p"`},
		{"port of no role env", `"role": "r"`, `"endpoints": {"e": {"port": "r.env.p"}}`, SeverityError, "that is not in role r"},
		{"port of no role", `"role": "r"`, `"endpoints": {"e": {"port": "s.env.p"}}`, SeverityError, `"s.env.p" is not a port`},
		{"port too large", ``, `"endpoints": {"e": {"port": "8000-80000"}}`, SeverityError, "80000 is not a port"},
		{"port missing", ``, `"endpoints": {"e": {}}`, SeverityWarning, "no port given"},
		{"port that is a word now", ``, `"env": {"p": "x"}, "endpoints": {"e": {"port": "env.p"}}`, SeverityWarning, `env.p resolves to "x"`},
		{"reserved ips", ``, `"endpoints": {"reserved_ips": {"vip": {"value": ""}}}`, SeverityWarning, "reserved_ips.vip: no value"},
		{"reserved ips with a value", ``, `"endpoints": {"reserved_ips": {"vip": {"value": "10.0.0.9"}}}`, "", ""},
		{"reserved ips of a role", `"reserved_ips": {"vip": {"value": ""}}`, ``, SeverityWarning, "\"reserved_ips\" of a role is known and has no effect"},
		{"gpu", `"gpu": 1`, ``, SeverityWarning, "no provider has GPUs"},
		{"no gpu", `"gpu": 0`, ``, "", ""},
		{"mount with a slash behind", `"volume": {"size": 40, "mount_point": "/data/"}`, ``, "", ""},
		{"mount on the system", `"volume": {"size": 40, "mount_point": "/etc/app"}`, ``, SeverityError, `"/etc/app" is not a mount point: it belongs to the system`},
		{"mount no host has", `"volume": {"size": 40, "mount_point": "/opt/"}`, ``, SeverityWarning, "provider static cannot create this role"},
		{"mount only hosts have", `"volume": {"size": 40, "mount_point": "/usr/local/app"}`, ``, SeverityWarning, "only provider static can create this role"},
		{"mount with a control character", `"volume": {"size": 40, "mount_point": "/a\u0001"}`, ``, SeverityError, "is not a plain absolute path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := nodesPackage(t, overlay(t, tc.node, tc.cluster))
			lint := Lint(t.Context(), p)
			_, diags, err := p.Render(t.Context(), nil)
			require.Equal(t, lint, diags)
			require.Equal(t, tc.sev == SeverityError, err != nil, "%v", err)
			if tc.want == "" {
				require.Empty(t, diags)
				return
			}
			require.Contains(t, lines(diags.only(tc.sev)), tc.want)
			for _, d := range diags {
				require.Equal(t, TemplateFile, d.File)
				require.Positive(t, d.Line)
			}
		})
	}
}

// overlay writes a template of one good node with members of the node and the cluster added or replaced. It is text, so
// that duplicate keys survive.
func overlay(t *testing.T, node, cluster string) string {
	t.Helper()
	good := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal([]byte(`{"role": "n", "count": 1, `+role+`}`), &good))
	var changed map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte("{"+node+"}"), &changed))
	for k, v := range changed {
		good[k] = v
	}
	text, err := json.Marshal(good)
	require.NoError(t, err)
	if cluster != "" {
		cluster = ", " + cluster
	}
	return fmt.Sprintf(`{"name": "c", "nodes": [%s]%s}`, text, cluster)
}

func TestRolesTogether(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, nodes, want string }{
		{"same name", `{"role": "a", "count": 1, ` + role + `}, {"role": "a", "count": 1, ` + role + `}`, `nodes[1].role: role "a" is also nodes[0]`},
		{"two without name", `{"count": 1, ` + role + `}, {"count": 1, ` + role + `}`, "nodes[0].role: missing: only a package with exactly one entry"},
		{"all empty", `{"role": "a", "count": 0, ` + role + `}, {"role": "b", "count": 0, ` + role + `}`, "add up to 0"},
		{"none", ``, "expected a list with at least one entry"},
		{"text", `"a"`, "nodes[0]: expected an object, found a string"},
	} {
		_, _, err := nodesPackage(t, `{"nodes": [`+tc.nodes+`]}`).Render(t.Context(), nil)
		require.ErrorContains(t, err, tc.want, tc.name)
	}
	_, _, err := nodesPackage(t, `{"name": "x"}`).Render(t.Context(), nil)
	require.ErrorContains(t, err, "nodes: missing")
	c := clusterOf(t, `{"nodes": [{"role": "a", "count": 0, `+role+`}, {"role": "b", "count": 1, "replica": 0, `+role+`}]}`)
	require.Len(t, c.Roles, 2, "no replica role without replicas")
}

func TestReplicas(t *testing.T) {
	t.Parallel()
	c := clusterOf(t, `{"nodes": [
		{"role": "m", "count": 3, "replica": 2, "services": {"start": {"cmd": "s"}}, "env": {"k": 1}, `+role+`},
		{"role": "z", "count": 1, `+role+`}]}`)
	require.Len(t, c.Roles, 3)
	m, r := c.Roles[0], c.Roles[1]
	require.Equal(t, "m-replica", r.Name)
	require.Equal(t, "m", r.ReplicaOf)
	require.Equal(t, "m", r.Master())
	require.Equal(t, 2, m.Replica)
	require.Zero(t, r.Replica)
	require.Equal(t, 6, r.Count)
	require.Equal(t, m.Services, r.Services)
	require.Equal(t, m.Env, r.Env)
	require.Equal(t, "z", c.Roles[2].Name)
}

// TestDefaults: what a cluster is when its package says little.
func TestDefaults(t *testing.T) {
	t.Parallel()
	c := clusterOf(t, `{"nodes": [{"count": 1, "volume": {"size": 10}, "services": {"start": {}, "stop": null}, `+role+`}], "health_check": {}, "monitor": {}}`)
	require.Equal(t, "parallel", c.UpgradingPolicy)
	require.Empty(t, c.Extra)
	r := c.Roles[0]
	require.Equal(t, []string{"/data"}, r.Volume.MountPoints)
	require.Equal(t, map[string]Service{"start": {Name: "start", Timeout: 600, AllowForce: true}}, r.Services)
	require.Equal(t, "parallel", r.VerticalScalingPolicy)
	require.True(t, r.AgentInstalled)
	require.Equal(t, agentapi.HealthCheck{IntervalSec: 60, TimeoutSec: 10, ActionTimeoutSec: 30, HealthyThreshold: 3, UnhealthyThreshold: 3}, *r.HealthCheck)
	require.Equal(t, Monitor{}, *r.Monitor)
	require.Nil(t, r.AdvancedActions)

	bare := clusterOf(t, `{"nodes": [{"count": 1, `+role+`}]}`).Roles[0]
	require.Nil(t, bare.HealthCheck)
	require.Nil(t, bare.Monitor)
	require.Nil(t, bare.Volume)
	require.Nil(t, bare.Services)
}

// TestActionsOfRole: a role's own list overrides the cluster's, even when it is empty; it must survive storing.
func TestActionsOfRole(t *testing.T) {
	t.Parallel()
	c := clusterOf(t, `{"advanced_actions": ["scale_horizontal"], "nodes": [{"role": "a", "count": 1, "advanced_actions": [], `+role+`}, {"role": "b", "count": 1, `+role+`}]}`)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var stored Cluster
	require.NoError(t, json.Unmarshal(text, &stored))
	require.NotNil(t, stored.Roles[0].AdvancedActions)
	require.Empty(t, stored.Roles[0].AdvancedActions)
	require.Nil(t, stored.Roles[1].AdvancedActions)
}

func TestEnvText(t *testing.T) {
	t.Parallel()
	c := clusterOf(t, `{"nodes": [{"count": 1, `+role+`}], "env": {
		"i": 3, "f": 0.40, "w": 2.0, "e": 1e3, "big": 12345678901234567890, "small": 1e-9, "neg": -0, "b": true, "n": null,
		"s": " 007 ", "l": ["a", 1.50, false], "o": {"k": "<&>"}}}`)
	require.Equal(t, map[string]string{
		"i": "3", "f": "0.4", "w": "2", "e": "1000", "big": "12345678901234567890", "small": "1e-9", "neg": "0", "b": "true", "n": "",
		"s": " 007 ", "l": "a,1.5,false", "o": `{"k":"<&>"}`,
	}, c.Env)
}

func TestClassesAreText(t *testing.T) {
	t.Parallel()
	r := clusterOf(t, `{"nodes": [{"count": 1, "instance_class": 202, "gpu": 1, "gpu_class": "a", "zone": "z", "volume": {"size": 1, "class": 3}, `+role+`}]}`).Roles[0]
	require.Equal(t, []string{"202", "a", "z", "3", "3"}, []string{r.InstanceClass, r.GPUClass, r.Zone, r.VolumeClass, r.Volume.Class})
}

func TestLinks(t *testing.T) {
	t.Parallel()
	c := clusterOf(t, `{"nodes": [{"count": 1, `+role+`}], "links": {"zk": "", "db": "cl-1", "list": ["cl-2"], "none": [], "null": null}}`)
	require.Equal(t, map[string]string{"zk": "", "db": "cl-1", "list": "cl-2", "none": "", "null": ""}, c.Links)
	_, _, err := nodesPackage(t, `{"nodes": [{"count": 1, `+role+`}], "links": {"zk": ["a", "b"]}}`).Render(t.Context(), nil)
	require.ErrorContains(t, err, "links.zk: expected a string, found a list")
}

func TestResolvePort(t *testing.T) {
	t.Parallel()
	c := &Cluster{
		Env:   map[string]string{"p": "1", "q": "2"},
		Roles: []Role{{Name: "r", Env: map[string]string{"p": "3", "only": "4"}}, {Name: "r.env", Env: map[string]string{"x": "5"}}},
	}
	for port, want := range map[string]string{
		"80": "80", "80-90": "80-90", "env.p": "1", "r.env.p": "3", "r.env.q": "2", "env.only": "4", "env.none": "", "r.env.env.x": "",
	} {
		got, ok := c.ResolvePort(port)
		require.Equal(t, want, got, port)
		require.Equal(t, want != "", ok, port)
	}
}

func TestStandard(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"init", "start", "stop", "restart", "destroy", "scale_out", "scale_in", "upgrade", "backup", "restore"} {
		require.True(t, Standard(name), name)
	}
	for _, name := range []string{"get_nodes_order", "rollback", "change_vxnet", "Start", ""} {
		require.False(t, Standard(name), name)
	}
}
