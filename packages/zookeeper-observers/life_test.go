package observers

import (
	"context"
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

// pair is an ensemble, its observers, and a client that knows the observers alone.
type pair struct {
	t         *testing.T
	ensemble  *apps.Cluster
	observers *apps.Cluster
	writer    apps.Writer
}

// while does something while the client writes through the observers, which pass writes on to the leader.
func (p *pair) while(something func()) {
	p.t.Helper()
	conn := dial(p.t, p.observers.Addresses("2181")...)
	defer conn.Close()
	p.writer.Write = func(ctx context.Context, n int) error {
		done := make(chan error, 1)
		go func() {
			_, err := conn.Create(fmt.Sprintf("/items/%06d", n), []byte(strconv.Itoa(n)), 0, zk.WorldACL(zk.PermAll))
			done <- err
		}()
		select {
		case err := <-done:
			if errors.Is(err, zk.ErrNodeExists) {
				return nil
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.writer.While(p.t, something)
}

// follow waits until the observers were told of the ensemble's servers, by metadata and by the ensemble, and observe.
func (p *pair) follow(observers int) []api.NodeView {
	p.t.Helper()
	var want, listed []string
	for _, n := range p.ensemble.Nodes() {
		want = append(want, fmt.Sprintf("%s %d", n.IP, n.SID))
		listed = append(listed, fmt.Sprintf("server.%d=%s:2888:3888:participant;%s:2181", n.SID, n.IP, n.IP))
	}
	slices.Sort(want)
	slices.Sort(listed)
	nodes := p.observers.Nodes()
	require.Len(p.t, nodes, observers)
	for _, n := range nodes {
		apps.Eventually(p.t, n.NodeID+" knows the ensemble's servers of now", func() bool {
			return slices.Equal(want, lines(p.observers.On(n, "grep -v '^#' /etc/zookeeper/ensemble"))) &&
				slices.Equal(listed, lines(string(p.observers.Try(n, conf(n.IP)+" | grep ':participant;'").Stdout))) &&
				p.observers.Try(n, "/opt/app/bin/zk-node measure | grep -qF '\"role\": \"observer\"'").ExitCode == 0
		})
	}
	return nodes
}

// check asserts that the observers follow, and that each of them has every item.
func (p *pair) check(observers int) {
	p.t.Helper()
	for _, n := range p.follow(observers) {
		conn := dial(p.t, n.IP+":2181")
		_, err := conn.Sync("/items")
		require.NoError(p.t, err)
		for i := range p.writer.Stored {
			value, _, err := conn.Get(fmt.Sprintf("/items/%06d", i))
			require.NoError(p.t, err, "item %d of %d on %s", i, p.writer.Stored, n.NodeID)
			require.Equal(p.t, strconv.Itoa(i), string(value))
		}
		conn.Close()
	}
}

func lines(text string) []string {
	out := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(out)
	return out
}

// conf is a line of bash that asks a server what it was configured with.
func conf(ip string) string {
	return "bash -c 'exec 3<>/dev/tcp/" + ip + "/2181; printf conf >&3; cat <&3'"
}

func TestLinkedLife(t *testing.T) {
	t.Parallel()
	apps.Both(t, linkedLife)
}

func linkedLife(t *testing.T, l *apps.Lab) {
	observers := apps.Versions(t, "zookeeper-observers")
	voters := apps.Versions(t, "zookeeper")
	version := voters[len(voters)-1]
	l.Publish(t, "zookeeper", version)
	l.Publish(t, "zookeeper-observers", observers[0])

	missing := l.Drover(t, "create", "zookeeper-observers", "--set", "cluster.ensemble=cl-00000000")
	require.NotZero(t, missing.Code, "there is no such ensemble")
	require.Contains(t, missing.Stderr, "cl-00000000")

	const say = "/etc/zookeeper/settings /var/lib/zookeeper/log/*"
	p := &pair{t: t}
	p.ensemble = l.Create(t, "zookeeper", say, "--set", "cluster.nodes.count=1", "--set", "env.tickTime=500",
		"--set", "env.syncLimit=20", "--set", "env.initLimit=60", "--set", "env.heap_mib=64")
	p.observers = l.Create(t, "zookeeper-observers", say, "--set", "cluster.ensemble="+p.ensemble.ID, "--set", "env.heap_mib=64")
	conn := dial(t, p.ensemble.Addresses("2181")...)
	_, err := conn.Create("/items", nil, 0, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	conn.Close()
	p.while(func() {})
	p.check(2)

	// The ensemble grows, and then loses its first server.
	p.while(func() {
		p.ensemble.Do("add-nodes", "--count", "2")
		p.follow(2)
	})
	p.check(2)
	p.while(func() {
		p.ensemble.Do("delete-nodes", p.ensemble.Nodes()[0].NodeID, "--yes")
		p.follow(2)
	})
	p.check(2)

	// Observers come and go.
	p.while(func() { p.observers.Do("add-nodes") })
	p.check(3)
	p.while(func() { p.observers.Do("delete-nodes", p.observers.Nodes()[0].NodeID, "--yes") })
	p.check(2)
	p.observers.Do("stop")
	p.observers.Do("start")
	p.check(2)

	p.ensemble.Refused("other clusters link to it: "+p.observers.ID+" (link ensemble)", "delete", "--yes")
	p.check(2)
	p.observers.Do("delete", "--yes")
	p.observers.Gone()
	voter := p.ensemble.Nodes()[0]
	require.NotContains(t, p.ensemble.On(voter, conf(voter.IP)), ":observer;", "the ensemble has forgotten them")
	p.ensemble.Do("delete", "--yes")
	p.ensemble.Gone()
}
