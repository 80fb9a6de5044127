package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
)

// etcd is a cluster and a client that writes to it from outside.
type etcd struct {
	*apps.Cluster
	t      *testing.T
	writer apps.Writer
}

// TestEtcdLives: what etcd's package does on sandboxes it does in containers, while a client writes, and no key gets lost.
func TestEtcdLives(t *testing.T) {
	t.Parallel()
	l := apps.StartOnDocker(t)
	for _, v := range apps.Versions(t, "etcd") {
		l.Publish(t, "etcd", v)
	}
	e := &etcd{t: t, Cluster: l.Create(t, "etcd", "/var/lib/etcd/log/*", "--version", "3.5", "--set", "etcd_node.count=3")}
	e.while(func() {})
	e.check(3, "3.5")

	e.while(func() { e.Do("add-nodes", "--count", "2") })
	e.check(5, "3.5")

	// One more cpu and more memory for every node, in place: etcd stops and starts, the container stays.
	before := e.Nodes()
	e.while(func() { e.Do("scale", "--cpu", "2", "--memory", "1024") })
	e.check(5, "3.5")
	for i, n := range e.Nodes() {
		require.Equal(t, before[i].InstanceID, n.InstanceID)
		require.Equal(t, "1073741824 200000 100000", e.On(n, limits))
	}

	// The oldest one and the newest one.
	e.while(func() { e.Do("delete-nodes", before[0].NodeID, before[4].NodeID, "--yes") })
	e.check(3, "3.5")

	// New containers from another image, with the same volumes and addresses.
	before = e.Nodes()
	e.while(func() { e.Do("upgrade", "--to", "3.6") })
	e.check(3, "3.6")
	for i, n := range e.Nodes() {
		require.NotEqual(t, before[i].InstanceID, n.InstanceID)
		require.Equal(t, before[i].IP, n.IP)
	}

	e.Do("stop")
	e.Do("start")
	e.check(3, "3.6")

	e.put("/protected/invoice", "paid")
	e.Refused("/protected", "delete", "--yes")
	e.check(3, "3.6")
	e.Do("delete", "--yes", "--force")
	e.Gone()
}

// limits prints what the kernel enforces: bytes of memory, quota and period of cpu, whichever generation of cgroups it has.
const limits = `if [ -f /sys/fs/cgroup/memory.max ]; then echo $(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max)
	else cd /sys/fs/cgroup && echo $(cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us); fi`

// while does something while a client writes numbered keys, each through the next member.
func (e *etcd) while(something func()) {
	e.t.Helper()
	endpoints := e.Addresses("2379")
	try := 0
	e.writer.Write = func(ctx context.Context, n int) error {
		try++
		return call(ctx, endpoints[try%len(endpoints)], "kv/put", map[string]any{"key": key(n), "value": []byte(strconv.Itoa(n))}, nil)
	}
	e.writer.While(e.t, something)
}

// check asserts that all nodes are voting members of the version, and that each gives every key.
func (e *etcd) check(nodes int, version string) {
	e.t.Helper()
	endpoints := e.Addresses("2379")
	require.Len(e.t, endpoints, nodes)
	var names []string
	for _, n := range e.Nodes() {
		names = append(names, n.NodeID)
	}
	slices.Sort(names)
	for _, at := range endpoints {
		var list struct {
			Members []struct {
				Name      string `json:"name"`
				IsLearner bool   `json:"isLearner"`
			} `json:"members"`
		}
		e.ask(at, "cluster/member/list", map[string]any{}, &list)
		var members []string
		for _, m := range list.Members {
			require.False(e.t, m.IsLearner, m.Name)
			members = append(members, m.Name)
		}
		slices.Sort(members)
		require.Equal(e.t, names, members, "as %s has it", at)
		var status struct {
			Version string `json:"version"`
		}
		e.ask(at, "maintenance/status", map[string]any{}, &status)
		require.True(e.t, strings.HasPrefix(status.Version, version+"."), "%s runs %s", at, status.Version)

		var have struct {
			Kvs []struct {
				Key, Value []byte
			} `json:"kvs"`
		}
		e.ask(at, "kv/range", map[string]any{"key": []byte("/items/"), "range_end": []byte("/items0")}, &have)
		stored := map[string]string{}
		for _, kv := range have.Kvs {
			stored[string(kv.Key)] = string(kv.Value)
		}
		for n := range e.writer.Stored {
			require.Equal(e.t, strconv.Itoa(n), stored[string(key(n))], "%s of %d on %s", key(n), e.writer.Stored, at)
		}
	}
}

func (e *etcd) put(name, value string) {
	e.t.Helper()
	e.ask(e.Addresses("2379")[0], "kv/put", map[string]any{"key": []byte(name), "value": []byte(value)}, nil)
}

func (e *etcd) ask(at, what string, request, answer any) {
	e.t.Helper()
	// A member that has just come up may be without a leader for a moment.
	var err error
	apps.Eventually(e.t, what+" at "+at, func() bool {
		err = call(e.t.Context(), at, what, request, answer)
		return err == nil
	})
	require.NoError(e.t, err)
}

func key(n int) []byte { return fmt.Appendf(nil, "/items/%06d", n) }

// call asks a member's HTTP gateway.
func call(ctx context.Context, at, what string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+at+"/v3/"+what, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s at %s: %s", what, at, res.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}
