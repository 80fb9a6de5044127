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

	"drover/tests/apps"
	"drover/tests/stack"
	"drover/workflows/api"
)

// The password before and after it is changed.
const first, second = "first+password/of.all", "second=password,then"

func TestMain(m *testing.M) { stack.Main(m, nil) }

// cluster is a cluster and a client that writes to it.
type cluster struct {
	*apps.Cluster
	l        *apps.Lab
	t        *testing.T
	password string
	writer   apps.Writer
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
	apps.Eventually(c.t, "all agree", func() bool {
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
	apps.Both(t, life)
}

func life(t *testing.T, l *apps.Lab) {
	versions := apps.Versions(t, "redis-cluster")
	for _, v := range versions {
		l.Publish(t, "redis-cluster", v)
	}
	c := &cluster{l: l, t: t, password: first, Cluster: l.Create(t, "redis-cluster", "/etc/redis/members /var/lib/redis/log/*", "--version", versions[0],
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

	// An old master goes, and its replica, with all that can happen to a slot on its way.
	c.leaveCopy(item(0))
	c.while(func() { c.scaleIn(c.Nodes()[1]) })
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

	newest := versions[len(versions)-1]
	if len(versions) > 1 {
		c.while(func() { c.Do("upgrade", "--to", newest) })
		c.check(3)
	} else {
		t.Logf("apt offers one version of Redis, %s: upgrading to another is not tested", newest)
	}
	c.broken(newest)

	c.Refused("its package requires at least 3", "delete-nodes", append(c.group(c.Nodes()[0]), "--yes")...)
	c.check(3)
	c.protect()
}

// leaveCopy leaves a key as a master does that dies while it gives it away: its slot is half-way, and the taker has a copy.
func (c *cluster) leaveCopy(key string) {
	c.t.Helper()
	ctx, r := c.t.Context(), c.client()
	slot := r.ClusterKeySlot(ctx, key).Val()
	giver, err := r.MasterForKey(ctx, key)
	require.NoError(c.t, err)
	from, err := giver.Do(ctx, "cluster", "myid").Text()
	require.NoError(c.t, err)
	var taker *redis.Client
	for _, n := range c.Nodes() {
		if c.measure(n).Role == "master" && n.IP+":6379" != giver.Options().Addr {
			taker = redis.NewClient(&redis.Options{Addr: n.IP + ":6379", Password: c.password})
			defer taker.Close()
			break
		}
	}
	to, err := taker.Do(ctx, "cluster", "myid").Text()
	require.NoError(c.t, err)
	require.NoError(c.t, taker.Do(ctx, "cluster", "setslot", slot, "importing", from).Err())
	require.NoError(c.t, giver.Do(ctx, "cluster", "setslot", slot, "migrating", to).Err())
	_, err = taker.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Do(ctx, "asking")
		return p.Set(ctx, key, "old copy", 0).Err()
	})
	require.NoError(c.t, err)
}

// scaleIn deletes a master and its replica. The node that moves the slots loses power in the middle of it. It is unknown
// how its command ended: the operation is held until an operator has it run again.
func (c *cluster) scaleIn(leaving api.NodeView) {
	c.t.Helper()
	nodes := c.Nodes()
	c.Begin("delete-nodes", append(c.group(leaving), "--yes")...)
	var mover *api.NodeView
	apps.Eventually(c.t, "slots are being moved", func() bool {
		for _, n := range nodes {
			if c.Try(n, "test -s /run/redis/scratch.*/moves").ExitCode == 0 {
				mover = &n
			}
		}
		return mover != nil
	})
	c.CutPower(*mover)
	c.RetryHeld()
}

// broken is an upgrade that fails on its first node, and undoes itself while the client continues.
func (c *cluster) broken(from string) {
	c.t.Helper()
	c.l.Repack(c.t, "redis-cluster", from, "broken", "redis-node upgrade", "redis-node upgrade; exit 9")
	c.while(func() { c.Refused("exit code 9", "upgrade", "--to", "broken", "--on-failure", "rollback") })
	c.check(3)
	require.Equal(c.t, from, c.Version())
}

// protect looks at the guard: a key that begins with protected: keeps the cluster as it is; without it the cluster goes.
func (c *cluster) protect() {
	c.t.Helper()
	r := c.client()
	require.NoError(c.t, r.Set(c.t.Context(), "protected:deed", "ours", 0).Err())
	c.while(func() { c.Refused("There are keys that begin with protected:", "delete", "--yes") })
	value, err := r.Get(c.t.Context(), "protected:deed").Result()
	require.NoError(c.t, err)
	require.Equal(c.t, "ours", value)
	require.NoError(c.t, r.Del(c.t.Context(), "protected:deed").Err())
	c.check(3)
	c.Do("delete", "--yes")
	c.Gone()
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

// closed asserts that no client gets in without the password, or with a wrong one, and that others cannot read it on a node.
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
