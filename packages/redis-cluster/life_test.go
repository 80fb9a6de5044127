package rediscluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"drover/packages/lab"
	"drover/workflows/api"
)

// The password before and after it is changed.
const first, second = "first+password/of.all", "second=password,then"

func TestMain(m *testing.M) { lab.Main(m) }

// cluster is a cluster and a client that writes to it.
type cluster struct {
	*lab.Cluster
	t        *testing.T
	password string
	writer   lab.Writer
}

// client is a client that knows some of the servers and finds the others, as clients of Redis do.
func (c *cluster) client() *redis.ClusterClient {
	c.t.Helper()
	r := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addresses("6379"), Password: c.password, MaxRedirects: 16})
	c.t.Cleanup(func() { _ = r.Close() })
	return r
}

func item(n int) string { return fmt.Sprintf("item:%06d", n) }

func (c *cluster) while(something func()) {
	c.t.Helper()
	r := c.client()
	c.writer.Write = func(ctx context.Context, n int) error { return r.Set(ctx, item(n), n, 0).Err() }
	c.writer.While(c.t, something)
}

// measured is what the monitor says of a node.
type measured struct {
	Role, Cluster string
	Keys          int
}

func (c *cluster) measure(n api.NodeView) measured {
	c.t.Helper()
	var m measured
	require.NoError(c.t, json.Unmarshal([]byte(c.On(n, "/opt/app/bin/redis-node measure")), &m))
	return m
}

// check asserts that so many masters with a replica each share all slots and all keys, and that every item is there.
func (c *cluster) check(masters int) {
	c.t.Helper()
	nodes := c.Nodes()
	require.Len(c.t, nodes, 2*masters)
	// Word of who leads may still be going round.
	lab.Eventually(c.t, "all agree", func() bool {
		leading := 0
		for _, n := range nodes {
			m := c.measure(n)
			if m.Role == "master" {
				leading++
			}
			if m.Cluster != "ok" || m.Keys == 0 {
				return false
			}
		}
		return leading == masters
	})
	keys := 0
	for _, n := range nodes {
		if m := c.measure(n); m.Role == "master" {
			keys += m.Keys
		}
	}
	require.Equal(c.t, c.writer.Stored, keys, "no key lost, none in two places")
	r := c.client()
	shards, err := r.ClusterShards(c.t.Context()).Result()
	require.NoError(c.t, err)
	total := int64(0)
	for _, s := range shards {
		for _, part := range s.Slots {
			total += part.End - part.Start + 1
		}
		require.Len(c.t, s.Nodes, 2, "a master and a replica: %+v", s)
	}
	require.Len(c.t, shards, masters)
	require.EqualValues(c.t, 16384, total)
	for n := range c.writer.Stored {
		value, err := r.Get(c.t.Context(), item(n)).Result()
		require.NoError(c.t, err, "item %d of %d", n, c.writer.Stored)
		require.Equal(c.t, strconv.Itoa(n), value)
	}
}

// secret writes values to a file: a password is nothing for a command line.
func secret(t *testing.T, password string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.json")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{"env.requirepass": %q}`, password), 0o600))
	return file
}

func TestLife(t *testing.T) {
	t.Parallel()
	versions := lab.Versions(t, "redis-cluster")
	l := lab.Start(t)
	for _, v := range versions {
		l.Publish(t, "redis-cluster", v)
	}
	c := &cluster{t: t, password: first, Cluster: l.Create(t, "redis-cluster", "/etc/redis/members /var/lib/redis/log/*", "--version", versions[0],
		"--values", secret(t, first))}
	r := c.client()
	for range 300 {
		require.NoError(t, r.Set(t.Context(), item(c.writer.Stored), c.writer.Stored, 0).Err())
		c.writer.Stored++
	}
	c.check(3)
	c.closed()

	c.while(func() { c.Do("add-nodes", "--role", "master") })
	c.check(4)

	// An old master goes, and its replica.
	leaving := c.Nodes()[1]
	c.while(func() { c.Do("delete-nodes", append(c.group(leaving), "--yes")...) })
	c.check(3)

	c.while(func() { c.Do("scale", "--memory", "2048", "--role", "master") })
	c.check(3)
	require.Equal(t, strconv.Itoa(2048*60/100<<20), c.config(c.Nodes()[0], "maxmemory"), "the new size is known to Redis, without a restart")

	c.while(func() { c.SetEnv("maxmemory-policy=volatile-lru") })
	for _, n := range c.Nodes() {
		require.Equal(t, "volatile-lru", c.config(n, "maxmemory-policy"))
	}
	c.SetEnv("--values", secret(t, second))
	c.password = second
	c.closed(first)
	c.check(3)

	c.Do("stop")
	c.Do("start")
	c.check(3)

	if len(versions) > 1 {
		c.while(func() { c.Do("upgrade", "--to", versions[1]) })
		c.check(3)
	} else {
		t.Logf("apt offers one version of Redis, %s: upgrades are not tested", versions[0])
	}

	c.Refused("its package wants at least 3", "delete-nodes", append(c.group(c.Nodes()[0]), "--yes")...)
	c.check(3)
}

// group are the ids of the nodes of a master and its replica, whichever of them is which now.
func (c *cluster) group(n api.NodeView) []string {
	c.t.Helper()
	gid := c.On(n, `awk -v ip=`+n.IP+` '$2 == ip { print $4 }' /etc/redis/members`)
	return strings.Fields(c.On(n, `awk -v gid=`+gid+` '$4 == gid { print $1 }' /etc/redis/members`))
}

// config asks a server for a setting.
func (c *cluster) config(n api.NodeView, name string) string {
	c.t.Helper()
	r := redis.NewClient(&redis.Options{Addr: n.IP + ":6379", Password: c.password})
	defer r.Close()
	got, err := r.ConfigGet(c.t.Context(), name).Result()
	require.NoError(c.t, err)
	return got[name]
}

// closed asserts that nobody gets in without the password, or with a wrong one, and that others cannot read it on a node.
func (c *cluster) closed(wrong ...string) {
	c.t.Helper()
	for _, n := range c.Nodes() {
		for _, password := range append(wrong, "", "something else") {
			r := redis.NewClient(&redis.Options{Addr: n.IP + ":6379", Password: password})
			require.Error(c.t, r.Ping(c.t.Context()).Err(), "%s lets in %q", n.NodeID, password)
			require.NoError(c.t, r.Close())
		}
		require.Empty(c.t, c.On(n, `for f in $(grep -rlF '`+c.password+`' /etc /opt/app /run /var/lib/redis 2>/dev/null); do stat -c '%a %n' $f | grep -v '^600 ' || :; done`))
	}
}
