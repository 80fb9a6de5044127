package zookeeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/tests/stack"
	"drover/workflows/api"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }

// ensemble is a cluster and a client that writes to it.
type ensemble struct {
	*apps.Cluster
	l      *apps.Lab
	t      *testing.T
	writer apps.Writer
}

// silent keeps the client from talking.
type silent struct{}

func (silent) Printf(string, ...any) {}

func dial(t *testing.T, servers ...string) *zk.Conn {
	t.Helper()
	conn, _, err := zk.Connect(servers, 10*time.Second, zk.WithLogger(silent{}), zk.WithLogInfo(false))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn
}

// within gives up waiting for an answer of a client that would wait for ever.
func within(ctx context.Context, ask func() error) error {
	done := make(chan error, 1)
	go func() { done <- ask() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// while does something while a client writes through all servers of now.
func (e *ensemble) while(something func()) {
	e.t.Helper()
	conn := dial(e.t, e.Addresses("2181")...)
	defer conn.Close()
	e.writer.Write = func(ctx context.Context, n int) error {
		return within(ctx, func() error {
			_, err := conn.Create(fmt.Sprintf("/items/%06d", n), []byte(strconv.Itoa(n)), 0, zk.WorldACL(zk.PermAll))
			if errors.Is(err, zk.ErrNodeExists) {
				return nil
			}
			return err
		})
	}
	e.writer.While(e.t, something)
}

// check asserts that so many servers vote, one of them leads, and each has every item.
func (e *ensemble) check(servers int) {
	e.t.Helper()
	nodes := e.Nodes()
	require.Len(e.t, nodes, servers)
	var sids []string
	for _, n := range nodes {
		sids = append(sids, strconv.Itoa(n.SID))
	}
	slices.Sort(sids)
	// An election may still be under way: the node that was restarted last may have led.
	apps.Eventually(e.t, "one leads and the others follow", func() bool {
		var roles []string
		for _, n := range nodes {
			roles = append(roles, e.role(n))
		}
		slices.Sort(roles)
		return slices.Equal(append(slices.Repeat([]string{"follower"}, servers-1), "leader"), roles)
	})
	for _, n := range nodes {
		require.Equal(e.t, sids, e.voters(n), "as %s has it", n.NodeID)
		conn := dial(e.t, n.IP+":2181")
		_, err := conn.Sync("/items")
		require.NoError(e.t, err)
		for i := range e.writer.Stored {
			value, _, err := conn.Get(fmt.Sprintf("/items/%06d", i))
			require.NoError(e.t, err, "item %d of %d on %s", i, e.writer.Stored, n.NodeID)
			require.Equal(e.t, strconv.Itoa(i), string(value))
		}
		conn.Close()
	}
}

// role is what the monitor says of a node, "" while it does not serve.
func (e *ensemble) role(n api.NodeView) string {
	e.t.Helper()
	r := e.Try(n, "/opt/app/bin/zk-node measure")
	if r.ExitCode != 0 {
		return ""
	}
	var measured struct {
		Role string `json:"role"`
	}
	require.NoError(e.t, json.Unmarshal(r.Stdout, &measured))
	return measured.Role
}

// voters are the server ids of the ensemble as one server has them.
func (e *ensemble) voters(n api.NodeView) []string {
	e.t.Helper()
	out := strings.Fields(e.On(n, `bash -c 'exec 3<>/dev/tcp/`+n.IP+`/2181; printf conf >&3; sed -n "s/^server\.\([0-9]*\)=.*:participant;.*/\1/p" <&3'`))
	slices.Sort(out)
	return out
}

func (e *ensemble) leader() api.NodeView {
	e.t.Helper()
	for _, n := range e.Nodes() {
		if e.role(n) == "leader" {
			return n
		}
	}
	require.Fail(e.t, "no node leads")
	return api.NodeView{}
}

// started are the process ids and start times of the servers, by node id.
func (e *ensemble) started() map[string]string {
	e.t.Helper()
	out := map[string]string{}
	for _, n := range e.Nodes() {
		out[n.NodeID] = e.On(n, `for p in $(pgrep -f QuorumPeerMain); do echo "$p $(awk '{print $22}' /proc/$p/stat)"; done`)
		require.NotEmpty(e.t, out[n.NodeID])
	}
	return out
}

func TestLife(t *testing.T) {
	t.Parallel()
	apps.Both(t, life)
}

func life(t *testing.T, l *apps.Lab) {
	versions := apps.Versions(t, "zookeeper")
	for _, v := range versions {
		l.Publish(t, "zookeeper", v)
	}
	e := &ensemble{l: l, t: t, Cluster: l.Create(t, "zookeeper", "/etc/zookeeper/members /var/lib/zookeeper/log/*", "--version", versions[0],
		"--set", "env.tickTime=500", "--set", "env.syncLimit=20", "--set", "env.initLimit=60", "--set", "env.heap_mib=64")}
	conn := dial(t, e.Addresses("2181")...)
	_, err := conn.Create("/items", nil, 0, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	conn.Close()
	e.while(func() {})
	e.check(3)

	// An ensemble has an odd number of members, up to 7.
	e.Refused("value 4 is not allowed", "add-nodes", "--count", "1")
	e.Refused("value 9 is not allowed", "add-nodes", "--count", "6")
	l.Drover(t, "plan", "add-nodes", e.ID, "--count", "4").OK(t)

	e.while(func() { e.Do("add-nodes", "--count", "2") })
	e.check(5)

	// The leader goes, and the newest one that is not it.
	leader := e.leader()
	nodes := slices.DeleteFunc(e.Nodes(), func(n api.NodeView) bool { return n.NodeID == leader.NodeID })
	e.while(func() { e.Do("delete-nodes", leader.NodeID, nodes[len(nodes)-1].NodeID, "--yes") })
	e.check(3)

	e.while(func() { e.Do("scale", "--memory", "2048") })
	e.check(3)

	before := e.started()
	e.while(func() { e.SetEnv("maxClientCnxns=500") })
	e.check(3)
	for id, stamp := range e.started() {
		require.NotEqual(t, before[id], stamp, "%s was not restarted", id)
	}

	e.Do("stop")
	e.Do("start")
	e.check(3)

	newest := versions[len(versions)-1]
	if len(versions) > 1 {
		e.while(func() { e.Do("upgrade", "--to", newest) })
		e.check(3)
	} else {
		t.Logf("apt offers one version of ZooKeeper, %s: upgrading to another is not tested", newest)
	}
	e.broken(newest)

	e.mend()
	e.Do("delete", "--yes")
	e.Gone()
}

// broken is an upgrade that fails on its first node, and undoes itself while the client continues.
func (e *ensemble) broken(from string) {
	e.t.Helper()
	e.l.Repack(e.t, "zookeeper", from, "broken", "zk-node upgrade", "zk-node upgrade; exit 9")
	e.while(func() { e.Refused("exit code 9", "upgrade", "--to", "broken", "--on-failure", "rollback") })
	e.check(3)
	require.Equal(e.t, from, e.Version())
}

// mend looks at the guard of a cluster with a server down, and at what brings the server back.
func (e *ensemble) mend() {
	nodes := e.Nodes()
	e.On(nodes[0], "/opt/app/bin/zk-node check")
	e.On(nodes[0], "pkill -KILL -f QuorumPeerMain")
	require.Equal(e.t, 12, e.Try(nodes[0], "/opt/app/bin/zk-node check").ExitCode)
	// On purpose, so that no health check of the agent brings it back meanwhile.
	e.On(nodes[0], "/opt/app/bin/zk-node stop")
	e.Refused("Too few of the servers that stay are well", "delete-nodes", nodes[1].NodeID, "--yes")
	e.On(nodes[0], "rm /run/zookeeper/stopped && /opt/app/bin/zk-node revive && /opt/app/bin/zk-node start")
	e.check(3)
}
