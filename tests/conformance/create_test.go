package conformance

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// Roles that differ in order, in post_start_service, in what they define, and one without agent.
//
// step: S1 S2 S3 S9 B1
func TestCC1toCC4_MixedRoles(t *testing.T) {
	t.Parallel()
	a := newApp(
		role("a", 2, "init", "start order=1"),
		role("b", 1, "init post_start_service", "start", "stop"),
		and(role("bare", 1, "init", "start"), object{"agent_installed": false}),
		role("quiet", 1, "start cmd="),
	)
	hosts := "| hosts a/1 a/2 b/1 bare/1 quiet/1"
	c := create(t, a, api.CreateClusterInput{},
		"init: a/1 a/2"+hosts,
		"start: b/1",
		"start: a/1 a/2",
		"init: b/1",
	)
	require.Equal(t, "CC1 CC2 CC3 CC4", c.walked())
	require.Equal(t, "hosts a/1 a/2 b/1 bare/1 quiet/1", c.published())
}

// A package with one role and no name for it.
func TestCC4_RoleLess(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("", 2, "init", "start", "stop")), api.CreateClusterInput{}, "init: /1 /2 | hosts /1 /2", "start: /1 /2")
	c.run(api.DeleteCluster, api.DeleteClusterInput{}, "stop: /1 /2 | hosts /1 /2")
	c.gone()
}

// What custom_metadata prints is every node's to see before start, and no node sees it before it ran.
//
// step: B1
func TestCC4_CustomMetadata(t *testing.T) {
	t.Parallel()
	a := newApp(and(role("a", 2, "init", "start"), object{"custom_metadata": object{"cmd": traced("custom_metadata")}}), role("b", 1, "start"))
	a.publish(t, "1")
	c := newCluster(t)
	c.rec.hook("custom_metadata", func(_ context.Context, b *begun, answer *tracer.Answer) { answer.Stdout = "token of " + b.Node + "\n" })
	c.run(api.CreateCluster, api.CreateClusterInput{App: a.id},
		"init: a/1 a/2 | hosts a/1 a/2 b/1", "custom_metadata: a/1 a/2", "start: a/1 a/2 b/1")
	nodes := c.nodes()
	for _, b := range c.rec.ran("") {
		for _, l := range []string{"a/1", "a/2"} {
			token := b.Seen["/hosts/a/"+nodes[l].InstanceID+"/token"]
			if b.Command == "start" {
				require.Equal(t, "token of "+nodes[l].NodeID, token, "%s sees the token of %s", b.label(), l)
			} else {
				require.Empty(t, token, "%s before it is known", b.Command)
			}
		}
	}
}

// A role and its replicas count together, by ascending sid.
func TestS4_FirstNodesOfAFamily(t *testing.T) {
	t.Parallel()
	a := newApp(and(role("a", 2, "init nodes_to_execute_on=3", "start nodes_to_execute_on=1"), object{"replica": 1}))
	create(t, a, api.CreateClusterInput{}, "init: a/1 a/2 a-replica/3 | hosts a/1 a/2 a-replica/3 a-replica/4", "start: a/1")
}

// A command that takes too long is ended, and what was made is undone.
func TestS5_Timeout(t *testing.T) {
	t.Parallel()
	a := newApp(role("a", 1, "start timeout=1"))
	a.publish(t, "1")
	c := newCluster(t)
	c.rec.hook("start", func(ctx context.Context, _ *begun, _ *tracer.Answer) { <-ctx.Done() })
	f := c.fails(api.CreateCluster, api.CreateClusterInput{App: a.id}, "start: a/1 | hosts a/1")
	require.Equal(t, fault.CommandFailed, f.Type)
	require.Contains(t, f.Message, "start on a/1 timed out after 1 s")
	c.gone()
}

// A failing command: the group's other nodes run to their end, later groups do not start, the error says everything.
//
// step: CC1 CC2
func TestS6_FailureIsTakenBack(t *testing.T) {
	t.Parallel()
	a := newApp(role("a", 2, "init", "start"), role("b", 1, "init order=1"))
	a.publish(t, "1")
	c := newCluster(t)
	c.rec.hook("init", func(_ context.Context, b *begun, answer *tracer.Answer) {
		if answer.Exit != 0 {
			answer.Stderr = "disk is full"
			require.Eventually(t, func() bool { return c.rec.endedBesides(b) }, together, 10*time.Millisecond)
		}
	})
	f := c.fails(api.CreateCluster, api.CreateClusterInput{App: a.id}, "init: a/1 a/2=77 | hosts a/1 a/2 b/1")
	require.Equal(t, fault.CommandFailed, f.Type)
	require.Equal(t, "init on a/2 ended with exit code 77: the data is still needed", f.Message)
	require.Equal(t, []any{c.id, "init", 77, "disk is full"}, []any{f.Cluster, f.Service, f.ExitCode, f.Output})
	c.gone()
}

// A failed creation that is kept can be looked at and deleted.
//
// step: DC1
func TestDC8_AfterAFailedCreationThatWasKept(t *testing.T) {
	t.Parallel()
	a := newApp(role("a", 1, "init", "stop", "destroy"))
	a.publish(t, "1")
	c := newCluster(t)
	c.fails(api.CreateCluster, api.CreateClusterInput{App: a.id, OnFailure: api.OnFailureKeep}, "init: a/1=1 | hosts a/1")
	require.Equal(t, "failed", c.state())
	c.run(api.DeleteCluster, api.DeleteClusterInput{})
	c.gone()
}

// A cancel reaches the commands that run, and everything is undone.
func TestCC4_Cancel(t *testing.T) {
	t.Parallel()
	a := newApp(role("a", 2, "start"))
	a.publish(t, "1")
	c := newCluster(t)
	c.cancelled(api.CreateCluster, api.CreateClusterInput{App: a.id}, "start", "start: a/1 a/2 | hosts a/1 a/2")
	c.gone()
}

// A linked cluster's tree is below /links/<name>, and follows it.
func TestCC2_Links(t *testing.T) {
	t.Parallel()
	up := create(t, newApp(role("u", 1, "start")).with(object{"advanced_actions": []string{"scale_horizontal"}}), api.CreateClusterInput{}, "start: u/1 | hosts u/1")
	require.NotContains(t, strings.Join(keysOf(up.rec.ran("start")[0].Seen), " "), "/links", "what is not linked is absent")
	down := create(t, newApp(role("d", 1, "start")), api.CreateClusterInput{Values: map[string]any{"cluster.upstream": up.id}}, "start: d/1 | hosts d/1")

	seen := down.rec.ran("start")[0].Seen
	linked := below(seen, "/links/upstream")
	require.Equal(t, "hosts u/1", sees(below(seen, "/links/upstream")))
	require.Equal(t, up.id, linked["/cluster/cluster_id"])
	require.Equal(t, up.nodes()["u/1"].IP, linked["/hosts/u/"+up.nodes()["u/1"].InstanceID+"/ip"])
	require.Equal(t, "low", linked["/env/level"])

	up.run(api.AddNodes, api.AddNodesInput{Role: "u", Count: 1}, "start: u/2 | hosts u/1 u/2; adding u/2")
	require.Eventually(t, func() bool {
		reloads := down.rec.reloadsSeen()
		return len(reloads) > 0 && sees(below(reloads[len(reloads)-1], "/links/upstream")) == "hosts u/1 u/2"
	}, together, 20*time.Millisecond, "the linked cluster's new node")
}

// Metadata over HTTP is for the processes of its node, where every command of these tests reads it: the machine that all
// nodes share the loopback of gets nothing, whatever its user.
func TestMetadataIsForItsOwnNode(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 1, "start")), api.CreateClusterInput{}, "start: a/1 | hosts a/1")
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.nodes()["a/1"].IP+"/self", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(ask)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, answer.StatusCode, "%s", body)
	require.NotContains(t, string(body), "cluster_id")
}
