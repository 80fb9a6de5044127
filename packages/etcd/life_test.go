package etcd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// measured are the names the monitor command prints.
var measured = []string{"alarms", "db_in_use", "db_size", "keys", "raft_lag", "raft_term", "role"}

// create does CC1 to CC4.
func (l *lab) create(n int) []string {
	l.t.Helper()
	ids := grow(l.rec, n)
	l.provision(ids...)
	l.publish(ids...)
	l.run("init", ids...)
	l.run("start", ids...)
	return ids
}

// join does AN1 to AN5: new nodes are up and the cluster knows nothing of them yet.
func (l *lab) join(n int) []string {
	l.t.Helper()
	existing := l.ids()
	l.rec.Adding = grow(l.rec, n)
	l.provision(l.rec.Adding...)
	l.publish(existing...)
	l.publish(l.rec.Adding...)
	l.run("init", l.rec.Adding...)
	l.run("start", l.rec.Adding...)
	return l.rec.Adding
}

// add does AN1 to AN7.
func (l *lab) add(n int) []string {
	l.t.Helper()
	existing := l.ids()
	added := l.join(n)
	l.run("scale_out", existing[0])
	l.rec.Adding = nil
	l.publish(l.ids()...)
	return added
}

// remove does DN1 to DN12.
func (l *lab) remove(ids ...string) {
	l.t.Helper()
	l.rec.Deleting = ids
	l.publish(l.ids()...)
	l.run("destroy", ids...)
	l.run("scale_in", l.ids(ids...)[0])
	l.run("stop", ids...)
	l.rec.Deleting = nil
	l.release(ids...)
	l.publish(l.ids()...)
}

// members are the names of the voting members as a node's etcd lists them, sorted.
func (l *lab) members(id string) []string {
	l.t.Helper()
	var names []string
	for line := range strings.Lines(l.etcdctl(id, "member list")) {
		f := strings.Split(strings.TrimSpace(line), ", ")
		require.Len(l.t, f, 6, line)
		require.Equal(l.t, "started", f[1], line)
		require.Equal(l.t, "false", f[5], "a learner: %s", line)
		names = append(names, f[2])
	}
	slices.Sort(names)
	return names
}

// leader is the node that leads.
func (l *lab) leader() string {
	l.t.Helper()
	for _, id := range l.ids() {
		if l.measure(id)["role"] == "leader" {
			return id
		}
	}
	l.t.Fatal("no node leads")
	return ""
}

func (l *lab) measure(id string) map[string]any {
	l.t.Helper()
	var got map[string]any
	require.NoError(l.t, json.Unmarshal([]byte(l.on(id, l.rec.Spec.Roles[0].Monitor.Cmd)), &got))
	return got
}

// started is when the etcd of a node was started, and its process id.
func (l *lab) started(id string) string {
	l.t.Helper()
	return l.on(id, `for e in /proc/[0-9]*/exe; do [ "$(readlink $e)" != /opt/app/bin/etcd ] || echo "${e%/exe} $(awk '{print $22}' "${e%/exe}/stat")"; done`)
}

func TestLife(t *testing.T) {
	t.Parallel()
	l := newLab(t, "3.6")
	// Reloads before init, with no volume in use yet, do nothing; creating runs everything once.
	first := l.create(3)
	require.Equal(t, first, l.members(first[0]))
	l.etcdctl(first[0], "put /protected/a 1")
	l.etcdctl(first[1], "put k v")

	// Everything can be run again.
	before := l.started(first[0])
	l.run("init", first...)
	l.run("start", first...)
	l.publish(first...)
	require.Equal(t, before, l.started(first[0]))

	// The guard of the whole cluster.
	l.refused(40, "refusing to destroy: 1 key under /protected", "destroy", first...)

	// Two more, one after the other although they come together.
	added := l.add(2)
	require.Equal(t, l.ids(), l.members(added[1]))
	require.Equal(t, "v", l.etcdctl(added[0], "get k --print-value-only"))
	require.Equal(t, before, l.started(first[0]), "adding nodes restarted etcd")
	l.run("scale_out", first[0])

	// New settings: every member is restarted, and a client that writes meanwhile succeeds.
	stamps := map[string]string{}
	for _, id := range l.ids() {
		stamps[id] = l.started(id)
	}
	writes := l.write()
	l.rec.Spec.Env["snapshot_count"] = "5000"
	l.publish(l.ids()...)
	require.Positive(t, writes())
	for _, id := range l.ids() {
		require.NotEqual(t, stamps[id], l.started(id), "%s was not restarted", id)
		require.Contains(t, l.on(id, `tr '\0' '\n' </proc/`+pid(l.started(id))+`/environ`), "ETCD_SNAPSHOT_COUNT=5000")
		stamps[id] = l.started(id)
	}

	// The leader and another one leave. Keys under /protected stay on the others, so the guard lets them.
	leader := l.leader()
	leaving := []string{leader, l.ids(leader)[0]}
	l.remove(leaving...)
	require.Equal(t, l.ids(), l.members(l.ids()[0]))
	require.Equal(t, "v", l.etcdctl(l.ids()[1], "get k --print-value-only"))
	l.run("scale_in", l.ids()[0])

	l.run("restart", l.ids()...)
	for _, id := range l.ids() {
		require.NotEqual(t, stamps[id], l.started(id), "%s was not restarted", id)
	}

	turns(l)
	maintain(l)
	mend(l)
	guard(l)
}

// write writes a key again and again, from a node, through all members. What it returns ends that and gives the number
// of writes, all of which succeeded.
func (l *lab) write() (stop func() int) {
	l.t.Helper()
	var endpoints []string
	for _, n := range l.rec.Nodes {
		endpoints = append(endpoints, "http://"+n.IP+":2379")
	}
	id := l.ids()[0]
	l.on(id, "touch /tmp/write")
	out := make(chan string, 1)
	go func() {
		// A write may have to wait for an election.
		r, err := l.shell(l.node(id), "while [ -e /tmp/write ]; do /opt/app/bin/etcdctl --command-timeout=15s --endpoints="+
			strings.Join(endpoints, ",")+" put written x 2>/tmp/why || { echo failed; cat /tmp/why; }; done", nil)
		out <- fmt.Sprint(string(r.Stdout), err)
	}()
	return func() int {
		l.t.Helper()
		l.on(id, "rm /tmp/write")
		got := <-out
		require.NotContains(l.t, got, "failed")
		require.Contains(l.t, got, "<nil>")
		return strings.Count(got, "OK")
	}
}

func pid(started string) string {
	return strings.TrimPrefix(strings.Fields(started)[0], "/proc/")
}

// turns restarts a node whose first question for the lock fails, as it does when the leader is restarted just then, and
// who cannot give it back after the second.
func turns(l *lab) {
	l.t.Helper()
	id := l.ids()[0]
	before := l.started(id)
	l.on(id, `cd /opt/app/bin && mv etcdctl etcdctl.real && cat >etcdctl <<'END' && chmod +x etcdctl
#!/bin/sh
case " $* " in
*" lock "*)
	[ -e /tmp/asked ] || { : >/tmp/asked; echo "Error: etcdserver: request timed out" >&2; exit 1; }
	/opt/app/bin/etcdctl.real "$@"
	exit 1
	;;
esac
exec /opt/app/bin/etcdctl.real "$@"
END`)
	l.run("restart", id)
	require.NotEqual(l.t, before, l.started(id), "%s was not restarted", id)
	l.on(id, "rm /tmp/asked && cd /opt/app/bin && mv etcdctl.real etcdctl")
}

// maintain runs what users run.
func maintain(l *lab) {
	t := l.t
	id := l.ids()[0]
	for range 2 {
		require.Contains(t, l.on(id, "/opt/app/bin/etcd-node snapshot '{\"keep\":1}'"), "/var/lib/etcd/snapshots/")
	}
	require.Equal(t, "1", l.on(id, "ls /var/lib/etcd/snapshots | wc -l"))
	r, err := l.shell(l.node(id), "/opt/app/bin/etcd-node snapshot '{\"keep\":0}'", nil)
	require.NoError(t, err)
	require.Equal(t, 61, r.ExitCode, "%s", r.Stderr)
	l.run("defrag", id)
	got := l.measure(id)
	for _, name := range measured {
		require.Contains(t, got, name)
	}
	require.Len(t, got, len(measured))
	require.EqualValues(t, 3, got["keys"]) // /protected/a, k, written
}

// mend kills and reboots.
func mend(l *lab) {
	t := l.t
	ids := l.ids()
	check := l.rec.Spec.Roles[0].HealthCheck
	l.on(ids[0], check.CheckCmd)
	l.on(ids[0], "kill -9 "+pid(l.started(ids[0])))
	require.Empty(t, l.started(ids[0]))
	r, err := l.shell(l.node(ids[0]), check.CheckCmd, nil)
	require.NoError(t, err)
	require.Equal(t, 12, r.ExitCode, "%s", r.Stderr)
	l.on(ids[0], check.ActionCmd)
	require.NotEmpty(t, l.started(ids[0]))
	l.run("start", ids[0])

	// Stopped on purpose stays stopped, and is not ill.
	l.run("stop", ids[1])
	l.run("stop", ids[1])
	l.on(ids[1], check.CheckCmd)
	l.on(ids[1], check.ActionCmd)
	require.Empty(t, l.started(ids[1]))
	l.run("start", ids[1])

	// A reboot loses /run and nothing else.
	require.NoError(t, l.provider.StopInstance(t.Context(), l.node(ids[2]).InstanceID))
	i, err := l.provider.StartInstance(t.Context(), l.node(ids[2]).InstanceID)
	require.NoError(t, err)
	l.met(l.node(ids[2]), i)
	l.publish(ids[2])
	l.on(ids[2], check.ActionCmd)
	require.NotEmpty(t, l.started(ids[2]))
	l.run("start", ids[2])
	require.Equal(t, ids, l.members(ids[2]))
}

// guard looks at the refusals, with a cluster of three, and stops it for good.
func guard(l *lab) {
	ids := l.ids()
	// With one member down the others must not be removed, but the dead one may.
	l.run("stop", ids[0])
	l.rec.Deleting = ids[1:2]
	l.publish(ids...)
	l.refused(42, "1 of the 2 members that stay serve; 2 are needed", "destroy", ids[1])
	l.rec.Deleting = ids[:1]
	l.publish(ids...)
	l.run("destroy", ids[0])
	l.rec.Deleting = nil
	l.publish(ids...)

	// Without a quorum no member can answer.
	l.run("stop", ids[1])
	l.refused(41, "no quorum", "destroy", ids...)
	l.run("start", ids[0], ids[1])
	l.refused(40, "1 key under /protected", "destroy", ids...)
	l.etcdctl(ids[0], "del /protected/a")
	l.run("destroy", ids...)
	l.run("stop", ids...)
	for _, id := range ids {
		require.Empty(l.t, l.started(id))
	}
}

// An addition that fails before scale_out is undone without a word to the nodes: the cluster must not notice.
func TestUndoneAddition(t *testing.T) {
	t.Parallel()
	l := newLab(t, "3.5")
	one := l.create(1)
	l.run("destroy", one...)
	gone := l.join(2)
	require.Equal(t, one, l.members(one[0]))
	l.rec.Adding = nil
	l.release(gone...)
	l.publish(one...)
	require.Equal(t, one, l.members(one[0]))
	l.etcdctl(one[0], "put k v")

	// The next addition gets the same addresses, and works.
	added := l.add(2)
	require.Equal(t, l.ids(), l.members(added[1]))
	require.Equal(t, "v", l.etcdctl(added[1], "get k --print-value-only"))
	got := l.measure(added[0])
	require.EqualValues(t, 1, got["keys"])
	require.Positive(t, got["db_in_use"])
	l.etcdctl(added[0], "put /protected/a 1")
	l.remove(one[0], added[0])
	require.Equal(t, []string{added[1]}, l.members(added[1]))
	require.Equal(t, "v", l.etcdctl(added[1], "get k --print-value-only"))
	// A node that joined guards the data as the founders did.
	l.refused(40, "1 key under /protected", "destroy", added[1])
}

// A full database takes no lock; raising the quota has to work nevertheless.
func TestFullDatabase(t *testing.T) {
	t.Parallel()
	l := newLab(t, "3.6")
	l.rec.Spec.Env["quota_backend_bytes_mib"] = "16"
	ids := l.create(2)
	fill := fmt.Sprintf(`head -c 1000000 /dev/zero | tr '\0' x >/tmp/big; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /opt/app/bin/etcdctl --endpoints=http://%s:2379 put big$i </tmp/big || break; done 2>&1`, l.node(ids[0]).IP)
	require.Contains(t, l.on(ids[0], fill), "database space exceeded")
	l.on(ids[0], l.rec.Spec.Roles[0].HealthCheck.CheckCmd)
	require.EqualValues(t, 1, l.measure(ids[0])["alarms"])

	l.rec.Spec.Env["quota_backend_bytes_mib"] = "64"
	l.publish(ids...)
	l.run("defrag", ids[1])
	require.Equal(t, "OK", l.etcdctl(ids[0], "put k v"))
}
