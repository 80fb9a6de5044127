package zookeeper

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/workflows/api"
)

// A backup that is made while a client writes has everything that was acknowledged before; its verification finds all nodes
// again, and finds a byte that was changed. The restored servers are an ensemble of their own, which grows.
func TestBackup(t *testing.T) {
	t.Parallel()
	l := apps.Start(t)
	versions := apps.Versions(t, "zookeeper")
	version := versions[len(versions)-1]
	l.Publish(t, "zookeeper", version)
	const logs = "/etc/zookeeper/members /var/lib/zookeeper/log/*"
	e := &ensemble{l: l, t: t, Cluster: l.Create(t, "zookeeper", logs, "--version", version,
		"--set", "env.tickTime=500", "--set", "env.syncLimit=20", "--set", "env.initLimit=60", "--set", "env.heap_mib=64")}
	conn := dial(t, e.Addresses("2181")...)
	_, err := conn.Create("/items", nil, 0, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	_, err = conn.Create("/session", []byte("of a client"), zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	e.while(func() {})
	before := e.writer.Stored

	var made api.OperationResult
	e.while(func() { l.Drover(t, "backup", "create", e.ID, "-o", "json").OK(t).JSON(t, &made) })
	l.Drover(t, "backup", "verify", made.Backup).OK(t)

	r := &ensemble{l: l, t: t, Cluster: l.Choose(t, logs)}
	l.Drover(t, "backup", "restore", made.Backup, "--id", r.ID).OK(t)
	argument := fmt.Sprintf(`'{"snapshot_id":"%s","path":"/var/lib/zookeeper/nowhere"}'`, made.Backup)
	prints := func() string { return r.On(r.Nodes()[0], "/opt/app/bin/zk-node verify "+argument) }
	was := prints()
	count, err := strconv.Atoi(strings.Fields(was)[0])
	require.NoError(t, err)
	require.Greater(t, count, before, "the items and what is above them")
	require.Equal(t, was, prints())
	r.writer.Stored = before
	r.check(3) // every item, on each of them
	r.Do("add-nodes", "--count", "2")
	r.check(5)
	require.Equal(t, was, prints())
	copied := dial(t, r.Addresses("2181")[1])
	_, err = copied.Set("/items/000000", []byte("1"), -1)
	require.NoError(t, err)
	require.NotEqual(t, was, prints())
	r.Do("delete", "--yes")

	refused := l.Drover(t, "backup", "restore", made.Backup, "--in-place", e.ID, "--yes")
	require.NotZero(t, refused.Code)
	require.Contains(t, refused.Stderr, "restore the backup into a new cluster")
	_, err = conn.Set("/items/000000", []byte(strconv.Itoa(0)), -1)
	require.NoError(t, err, "nothing has changed")
	e.check(3)
	e.Do("delete", "--yes")
	e.Gone()
}
