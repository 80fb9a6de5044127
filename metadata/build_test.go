package metadata_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/specs"
)

// kv is a cluster of one master with one replica, and a role of its own for clients.
func kv() *lifecycle.Record {
	return &lifecycle.Record{
		ClusterID: "cl-00000001", AppID: "app-kv", VersionID: "v2", UserID: "u1", GlobalUUID: "7", Zone: "z1",
		Spec: &specs.Cluster{
			VxNet: "vx-9",
			Roles: []specs.Role{
				{Name: "kv", Replica: 1, Env: map[string]string{"port": "6379", "quota": "4"}},
				{Name: "kv-replica", ReplicaOf: "kv", Env: map[string]string{"port": "6380"}},
				{Name: "client"},
			},
			Env:   map[string]string{"quota": "2", "empty": "", "web.console": "true", "-p": "1", "a b": "x", "größe": "1"},
			Links: map[string]string{"zk": "cl-00000002", "unset": ""},
			Endpoints: map[string]specs.Endpoint{
				"fixed": {Port: "22", Protocol: "tcp"}, "range": {Port: "8000-8010", Protocol: "udp"},
				"cluster": {Port: "env.quota", Protocol: "tcp"}, "role": {Port: "kv.env.port", Protocol: "tcp"},
				"inherited": {Port: "kv-replica.env.web.console", Protocol: "http"},
			},
			ReservedIPs: map[string]string{"vip": "10.0.0.100"},
		},
		Nodes: []lifecycle.Node{
			{
				ID: "cln-00000001", InstanceID: "i-00000001", Role: "kv", SID: 1, GID: 1, GSID: 123456789, CPU: 2, GPU: 1,
				Memory: 4096, VolumeSize: 20, InstanceClass: "101", VolumeClass: "3", GPUClass: "g1", IP: "10.0.0.1",
				EIP: "1.2.3.4", MAC: "52:54:00:00:00:01", Zone: "z1", Hypervisor: "local", PhysicalMachine: "m1",
				PubKey: "ssh-rsa AAAA", Token: "t=1\n",
			},
			{ID: "cln-00000002", InstanceID: "i-00000002", Role: "kv-replica", SID: 2, GID: 1, GSID: 987654321},
		},
	}
}

func TestBuildGivesEveryDocumentedKey(t *testing.T) {
	t.Parallel()
	tree, err := metadata.Build(kv())
	require.NoError(t, err)

	want := metadata.Tree{
		"self/cluster/cluster_id": "cl-00000001", "self/cluster/app_id": "app-kv", "self/cluster/app_version": "v2",
		"self/cluster/user_id": "u1", "self/cluster/global_uuid": "7", "self/cluster/vxnet": "vx-9",
		"self/cluster/zone": "z1", "self/cluster/api_server/host": "", "self/cluster/api_server/port": "",
		"self/cluster/api_server/protocol": "", "self/cluster/api_server/zone": "z1",
		"self/cluster/endpoints/fixed/port": "22", "self/cluster/endpoints/fixed/protocol": "tcp",
		"self/cluster/endpoints/range/port": "8000-8010", "self/cluster/endpoints/range/protocol": "udp",
		"self/cluster/endpoints/cluster/port": "2", "self/cluster/endpoints/cluster/protocol": "tcp",
		"self/cluster/endpoints/role/port": "6379", "self/cluster/endpoints/role/protocol": "tcp",
		"self/cluster/endpoints/inherited/port": "true", "self/cluster/endpoints/inherited/protocol": "http",
		"self/cluster/endpoints/reserved_ips/vip/value": "10.0.0.100",

		"self/env/quota": "2", "self/env/empty": "", "self/env/web.console": "true", "self/env/-p": "1",
		"self/env/a b": "x", "self/env/größe": "1",
		"roles/kv/env/port": "6379", "roles/kv/env/quota": "4", "roles/kv-replica/env/port": "6380",
		"self/links/zk": "cl-00000002",
	}
	for field, value := range map[string]string{
		"ip": "10.0.0.1", "eip": "1.2.3.4", "mac": "52:54:00:00:00:01", "sid": "1", "gid": "1", "gsid": "123456789",
		"node_id": "cln-00000001", "instance_id": "i-00000001", "cpu": "2", "gpu": "1", "memory": "4096",
		"volume_size": "20", "instance_class": "101", "gpu_class": "g1", "volume_class": "3", "physical_machine": "m1",
		"zone": "z1", "hypervisor": "local", "role": "kv", "pub_key": "ssh-rsa AAAA", "token": "t=1\n",
		"reserved_ips/vip/value": "10.0.0.100",
	} {
		want["self/hosts/kv/i-00000001/"+field] = value
	}
	for field, value := range map[string]string{
		"ip": "", "mac": "", "sid": "2", "gid": "1", "gsid": "987654321",
		"node_id": "cln-00000002", "instance_id": "i-00000002", "cpu": "0", "gpu": "0", "memory": "0",
		"volume_size": "0", "instance_class": "", "volume_class": "", "physical_machine": "",
		"zone": "", "hypervisor": "", "role": "kv-replica",
		"reserved_ips/vip/value": "10.0.0.100",
	} {
		want["self/hosts/kv-replica/i-00000002/"+field] = value
	}
	require.Equal(t, want, tree)
}

func TestBuildMarksPasswords(t *testing.T) {
	t.Parallel()
	rec := kv()
	rec.Spec.Secrets = []string{"hunter2", "2"}
	rec.Spec.Env["pass"], rec.Spec.Env["url"], rec.Spec.Env["port"] = "hunter2", "redis://:hunter2@h", "12"
	rec.Spec.Roles[0].Env["own"] = "hunter2"
	tree, err := metadata.Build(rec)
	require.NoError(t, err)
	var marks []string
	for key := range tree {
		if strings.HasPrefix(key, "roles/secrets/") {
			marks = append(marks, strings.TrimPrefix(key, "roles/secrets/"))
		}
	}
	require.ElementsMatch(t, []string{"pass", "url", "own", "quota"}, marks, "quota is 2, port holds a 2 by chance")
}

func TestBuildRoleless(t *testing.T) {
	t.Parallel()
	tree, err := metadata.Build(&lifecycle.Record{
		Spec: &specs.Cluster{
			Roles: []specs.Role{{Env: map[string]string{"own": "1", "both": "role"}}},
			Env:   map[string]string{"both": "cluster"},
		},
		Nodes: []lifecycle.Node{{ID: "cln-1", InstanceID: "i-1"}},
	})
	require.NoError(t, err)
	require.Equal(t, "i-1", tree["self/hosts/i-1/instance_id"])
	require.Contains(t, tree, "self/hosts/i-1/role")
	require.Equal(t, "1", tree["self/env/own"])
	require.Equal(t, "role", tree["self/env/both"])
	for key := range tree {
		require.NotContains(t, key, "//")
		require.NotContains(t, key, "roles/")
	}
}

func TestBuildTemporaryFolders(t *testing.T) {
	t.Parallel()
	rec := kv()
	before, err := metadata.Build(rec)
	require.NoError(t, err)

	rec.Adding, rec.Deleting = []string{"cln-00000002"}, []string{"cln-00000001"}
	rec.VerticalScaling, rec.UpgradeFrom = []string{"kv", "kv-replica"}, "v1"
	tree, err := metadata.Build(rec)
	require.NoError(t, err)

	change := metadata.Diff(before, tree)
	require.Empty(t, change.Delete, "leaving and joining nodes stay in hosts")
	require.Len(t, change.Set, 18+22+2, "the optional fields of the second node have no value")
	require.Equal(t, "2", tree["self/adding-hosts/kv-replica/i-00000002/sid"])
	require.Equal(t, "10.0.0.1", tree["self/deleting-hosts/kv/i-00000001/ip"])
	require.Equal(t, "kv,kv-replica", tree["self/vertical-scaling-roles"])
	require.Equal(t, "v1", tree["self/upgrade-audit/from_app_version"])
}

func TestPortReferencesFollowTheEnv(t *testing.T) {
	t.Parallel()
	rec := kv()
	rec.Spec.Roles[0].Env["port"] = "7000"
	tree, err := metadata.Build(rec)
	require.NoError(t, err)
	require.Equal(t, "7000", tree["self/cluster/endpoints/role/port"])
}

func TestSizesAreCheckedAllAtOnce(t *testing.T) {
	t.Parallel()
	largest := strings.Repeat("x", metadata.MaxValue)
	require.NoError(t, metadata.Tree{"self/env/a": largest}.CheckSizes("cl-1"))
	err := metadata.Tree{"self/env/a": largest + "x", "self/env/b": largest + "xy", "self/env/c": ""}.CheckSizes("cl-1")
	require.True(t, fault.Is(err, fault.Invalid))
	require.Equal(t, []string{
		"the value of self/env/a has 360449 bytes; the limit is 360448", "the value of self/env/b has 360450 bytes; the limit is 360448",
	}, fault.As(err).Problems)
}

func TestBuildReportsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	rec := kv()
	rec.Spec.Env = map[string]string{"a/b": "", "": "", "..": "", "nul\x00": "", "bad\xff": "", "quota": "2", "web.console": ""}
	rec.Spec.Endpoints["lost"] = specs.Endpoint{Port: "env.nowhere"}
	rec.Spec.Endpoints["norole"] = specs.Endpoint{Port: "ghost.env.port"}
	rec.Nodes[1].InstanceID = ""
	rec.Adding = []string{"cln-gone"}
	_, err := metadata.Build(rec)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.Len(t, fault.As(err).Problems, 9)
	for _, part := range []string{`"a/b"`, "lost", "ghost.env.port", "cln-00000002", "cln-gone", "slash", "UTF-8", "empty", `".." is a step in a path`} {
		require.Contains(t, join(fault.As(err).Problems), part)
	}

	_, err = metadata.Build(&lifecycle.Record{})
	require.True(t, fault.Is(err, fault.Invalid))
}

func join(lines []string) (all string) {
	for _, l := range lines {
		all += l + "\n"
	}
	return all
}

// TestOptionalKeysAreAbsentWithoutAValue: packages count tokens and ask whether a key exists.
func TestOptionalKeysAreAbsentWithoutAValue(t *testing.T) {
	t.Parallel()
	rec := kv()
	rec.Spec.ReservedIPs["lost"] = ""
	rec.Spec.Env["k/access_key_id"], rec.Spec.Env["k/secret_access_key"] = "ID", ""
	tree, err := metadata.Build(rec)
	require.NoError(t, err)
	for _, field := range []string{"eip", "gpu_class", "pub_key", "token", "reserved_ips/lost/value"} {
		require.NotContains(t, tree, "self/hosts/kv-replica/i-00000002/"+field)
	}
	require.NotContains(t, tree, "self/cluster/endpoints/reserved_ips/lost/value")
	require.Equal(t, "t=1\n", tree["self/hosts/kv/i-00000001/token"])
	require.Equal(t, "ID", tree["self/env/k/access_key_id"])
	require.Contains(t, tree, "self/env/k/secret_access_key")
	rec.Spec.Endpoints[".."] = specs.Endpoint{Port: "1"}
	_, err = metadata.Build(rec)
	require.ErrorContains(t, err, `endpoint ".."`)
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"/": true, "": true, "/self": true, "/self/host/ip": true, "/hosts/*/*/ip": true, "/env/anything": true, "/*": true,
		"/cluster": true, "/cluster/endpoints/client/port": true, "/cluster/*": true, "/self/cluster/zone": true,
		"/upgrade-audit/from_app_version": true, "/clusters/cl-1/hosts": true,
		"/cluster/resource_limits/cpu": false, "/self/cluster/x*": false, "/vertical-scaling-roles/a": false, "/nodes": false,
	} {
		require.Equal(t, want, metadata.Known(key), key)
	}
	rec := kv()
	rec.Adding, rec.Deleting = []string{rec.Nodes[0].ID}, []string{rec.Nodes[1].ID}
	rec.VerticalScaling, rec.UpgradeFrom = []string{"kv"}, "v1"
	tree, err := metadata.Build(rec)
	require.NoError(t, err)
	for key := range tree {
		if strings.HasPrefix(key, "self/") {
			require.True(t, metadata.Known(key), key)
		}
	}
}
