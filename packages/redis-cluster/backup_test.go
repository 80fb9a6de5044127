package rediscluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/workflows/api"
)

// A backup that is made while a client writes, and after a replica took over, has all slots and every key that was acknowledged
// before; its verification finds them again, and finds a value that was changed.
func TestBackup(t *testing.T) {
	t.Parallel()
	l := apps.Start(t)
	versions := apps.Versions(t, "redis-cluster")
	version := versions[len(versions)-1]
	l.Publish(t, "redis-cluster", version)
	const logs = "/etc/redis/members /var/lib/redis/log/*"
	c := &cluster{l: l, t: t, password: first,
		Cluster: l.Create(t, "redis-cluster", logs, "--version", version, "--values", secret(t, first))}
	require.NoError(t, c.client().Set(t.Context(), "passing", "soon gone", time.Hour).Err())
	c.while(func() {})
	// Of one shard the node of role master follows now.
	heir := c.Nodes("master-replica")[0]
	apps.Eventually(t, "a replica leads", func() bool {
		r := redis.NewClient(&redis.Options{Addr: heir.IP + ":6379", Password: first})
		defer r.Close()
		_ = r.Do(t.Context(), "cluster", "failover").Err() // refused while it does not follow yet, and when it leads
		return c.measure(heir).Role == "master"
	})
	before := c.writer.Stored

	var made api.OperationResult
	c.while(func() { l.Drover(t, "backup", "create", c.ID, "-o", "json").OK(t).JSON(t, &made) })
	l.Drover(t, "backup", "verify", made.Backup).OK(t)

	r := &cluster{l: l, t: t, password: first, Cluster: l.Choose(t, logs)}
	l.Drover(t, "backup", "restore", made.Backup, "--id", r.ID).OK(t)
	for n := range before {
		value, err := r.client().Get(t.Context(), item(n)).Result()
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(n), value, "acknowledged before the backup began")
	}
	argument := fmt.Sprintf(`'{"snapshot_id":"%s","path":"/var/lib/redis/nowhere"}'`, made.Backup)
	prints := func() (all []string) {
		for _, n := range r.Nodes("master") {
			all = append(all, r.On(n, "/opt/app/bin/redis-node verify "+argument))
		}
		return all
	}
	was := prints()
	keys, slots := 0, 0
	for _, line := range was {
		var k, s int
		_, err := fmt.Sscanf(line, "%d slots, %d keys", &s, &k)
		require.NoError(t, err, line)
		keys, slots = keys+k, slots+s
	}
	require.Equal(t, 16384, slots)
	require.GreaterOrEqual(t, keys, before)
	require.Equal(t, was, prints())
	require.NoError(t, r.client().Set(t.Context(), item(0), "1", 0).Err())
	require.NotEqual(t, was, prints())
	r.Do("add-nodes", "--role", "master", "--count", "1")
	require.Len(t, r.Nodes(), 8)
	r.Do("delete", "--yes")

	refused := l.Drover(t, "backup", "restore", made.Backup, "--in-place", c.ID, "--yes")
	require.NotZero(t, refused.Code)
	require.Contains(t, strings.Join(strings.Fields(refused.Stderr), " "), "restore the backup into a new cluster")
	require.NoError(t, c.client().Del(t.Context(), "passing").Err())
	c.check(3)
	c.Do("delete", "--yes")
	c.Gone()
}
