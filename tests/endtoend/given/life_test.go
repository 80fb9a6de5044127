package given

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/workflows/api"
)

// TestLife takes clusters through their lives on five machines, which are afterwards what they were. Some are reached as a
// user with sudo, one through a sixth.
func TestLife(t *testing.T) {
	g := begin(t)
	six := g.machines(t, 6)
	five, gate := six[:5], six[5]
	admin := gate.sudo()
	before := map[string][]string{}
	var entries strings.Builder
	entries.WriteString("bastions:\n" + gate.login(admin) + "hosts:\n")
	for i, m := range five {
		user, more := admin, ""
		switch i {
		case 0:
			user = "root"
		case 1:
			more = "bastion: " + gate.name
		}
		entries.WriteString(m.login(user, more))
		before[m.name] = m.tree()
	}
	named := func(name string) machine {
		return five[slices.IndexFunc(five, func(m machine) bool { return m.name == name })]
	}
	g.give(t, "on_release: wipe\n"+entries.String())
	name := g.publish(t, 3)
	one, two, three := newID(), newID(), newID()

	g.Drover(t, "create", name, "--id", one, "--version", "1", "--provider", "static").OK(t)
	first := g.hosts(t, one)
	require.Equal(t, []string{"h1", "h2", "h3"}, first)
	for _, h := range first {
		require.Equal(t, "init 1 start 1", named(h).trace(), h)
	}
	g.Drover(t, "add-nodes", one, "--role", "a").OK(t)
	four := g.hosts(t, one)
	require.Len(t, four, 4)
	require.Subset(t, four, first, "the cluster keeps the hosts it has")
	nodes := g.nodes(t, one)

	// Another cluster gets none of them; one that finds no free host is refused and told who has them.
	other := g.publish(t, 1)
	g.give(t, "on_release: keep\n"+entries.String())
	g.Drover(t, "create", other, "--id", two, "--version", "1", "--provider", "static").OK(t)
	kept := g.hosts(t, two)
	require.Len(t, kept, 1)
	require.NotContains(t, four, kept[0], "two clusters share a host")
	g.Drover(t, "create", other, "--id", three, "--version", "1", "--provider", "static").Refused(t,
		"no free host fits", "host "+kept[0]+" has instance", "of cluster "+two, "of cluster "+one, "add hosts to the inventory")
	require.Empty(t, g.hosts(t, three))
	require.Equal(t, four, g.hosts(t, one))

	// cpu and memory are those of the machine; a volume's size is only recorded.
	g.Drover(t, "scale", one, "--role", "a", "--cpu", "2").Refused(t, "cpu and memory", "cannot be changed", "add nodes on larger machines")
	g.Drover(t, "scale", one, "--role", "a", "--volume-size", "2").OK(t)

	// An upgrade is in place: the same host with its data, under another instance id.
	g.Drover(t, "upgrade", one, "--to", "2").OK(t)
	require.Equal(t, four, g.hosts(t, one))
	after := g.nodes(t, one)
	for id, was := range nodes {
		now := after[id]
		require.Equal(t, []any{was.IP, was.SID}, []any{now.IP, now.SID})
		require.NotEqual(t, was.InstanceID, now.InstanceID)
	}
	for _, h := range first {
		require.Equal(t, "init 1 start 1 stop 1 upgrade 2 start 2", strings.ReplaceAll(named(h).trace(), "scale_out 1 ", ""), h)
	}

	// Machines that come up again belong to whom they belonged, and work.
	for _, h := range first[:2] {
		named(h).reboot()
	}
	require.Equal(t, four, g.hosts(t, one))
	g.Drover(t, "stop", one).OK(t)
	named(first[0]).reboot() // and with its node powered off
	g.Drover(t, "start", one).OK(t)
	for _, h := range first {
		require.Equal(t, 1, strings.Count(named(h).trace(), "upgrade 2 start 2 stop 2 start 2"), h)
	}

	// What a node leaves is free at once, and as it was.
	for id := range nodes {
		g.Drover(t, "delete-nodes", one, id, "--yes").OK(t)
		break
	}
	require.Len(t, g.hosts(t, one), 3)
	free := g.hosts(t, "")
	require.Len(t, free, 1)
	require.Equal(t, before[free[0]], named(free[0]).tree())
	g.Drover(t, "create", other, "--id", three, "--version", "1", "--provider", "static").OK(t)
	require.Equal(t, free, g.hosts(t, three))

	for _, id := range []string{one, two, three} {
		g.Drover(t, "delete", id, "--yes").OK(t)
	}
	require.Len(t, g.hosts(t, ""), 5)
	for _, m := range five {
		after := m.tree()
		// Hosts that were taken while the inventory said so keep the data, and only that.
		if m.name == kept[0] || m.name == free[0] {
			require.Equal(t, "init 1 start 1 destroy 1 stop 1", m.trace())
			after = slices.DeleteFunc(after, func(line string) bool { return strings.Contains(line, " /srv/app") })
		}
		assert.Equal(t, before[m.name], after, "host %s is not as it was", m.name)
	}
	require.Empty(t, apps.Items[api.ClusterView](t, g.Drover(t, "list", "-o", "json").OK(t)))
}
