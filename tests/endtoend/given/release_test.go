package given

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/workflows/api"
)

// TestReleaseThatCannotEnd: what keeps a host from being cleaned is said, no other cluster gets the host meanwhile, and the deletion
// continues when the host lets it, here by coming up again.
func TestReleaseThatCannotEnd(t *testing.T) {
	g := begin(t)
	one := g.machines(t, 1)[0]
	before := one.tree()
	g.give(t, "on_release: wipe\nhosts:\n"+one.login("root"))
	name := g.publish(t, 1)
	mine := newID()
	g.Drover(t, "create", name, "--id", mine, "--version", "1", "--provider", "static").OK(t)
	one.run("mkdir " + volume + "/mounted")
	one.mount(volume+"/mounted", "size=1m")

	deleted := make(chan apps.Answer, 1)
	go func() { deleted <- g.Drover(t, "delete", mine, "--yes") }()
	require.Eventually(t, func() bool {
		return apps.Items[api.HostView](t, g.Drover(t, "hosts", "list", "-o", "json").OK(t))[0].State == "releasing"
	}, time.Minute, 100*time.Millisecond)
	g.Drover(t, "create", name, "--id", newID(), "--version", "1", "--provider", "static").Refused(t,
		"no free host fits", "of cluster "+mine)
	require.Eventually(t, func() bool {
		return strings.Contains(g.Drover(t, "status", mine).Stdout, "'"+volume+"/mounted': Device or resource busy")
	}, time.Minute, 100*time.Millisecond, "the status says why it waits")
	one.reboot()
	(<-deleted).OK(t)
	require.Equal(t, []string{one.name}, g.hosts(t, ""))
	require.Equal(t, before, one.tree())
}
