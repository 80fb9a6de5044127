package docker

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/tests/tracer"
)

// event is a command that ran: on which instance, and when it began and ended, in a common order.
type event struct {
	instance, command string
	began, ended      int
}

// traces records the commands of all traced clusters. What must answer with node ids answers with all of the cluster's, by
// sid: a plan, which cannot run it, takes that for their order.
type traces struct {
	mu     sync.Mutex
	clock  int
	events map[int]*event
}

// listen makes image:1 and image:2, whose tracer reports to the test.
func listen(t *testing.T, l *apps.Lab, image string) *traces {
	t.Helper()
	tr := &traces{events: map[int]*event{}}
	server, err := tracer.Listen(net.JoinHostPort(l.Gateway(), "0"), tr)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	program, err := tracer.Build()
	require.NoError(t, err)
	for _, name := range []string{image + ":1", image + ":2"} {
		dir := t.TempDir()
		require.NoError(t, tracer.Image{Name: name, Address: server.Address}.Make(dir, program))
		l.Image(t, name, dir)
	}
	return tr
}

// Begin lets every command continue at once.
func (tr *traces) Begin(_ context.Context, id int, e tracer.Event) (answer tracer.Answer, _ error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.clock++
	tr.events[id] = &event{instance: e.Instance, command: e.Command, began: tr.clock}
	if strings.HasSuffix(e.Command, "selector") || e.Command == "get_nodes_order" {
		answer.Stdout = nodeIDs(e.Seen)
	}
	return answer, nil
}

// End notes the end; a command that was killed has none.
func (tr *traces) End(id int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.clock++
	if e := tr.events[id]; e != nil {
		e.ended = tr.clock
	}
}

// nodeIDs are the ids of the nodes in a tree, by sid.
func nodeIDs(seen map[string]string) string {
	ids := map[int]string{}
	var sids []int
	for key, id := range seen {
		node, ok := strings.CutSuffix(key, "/node_id")
		if sid, err := strconv.Atoi(seen[node+"/sid"]); ok && err == nil && strings.HasPrefix(key, "/hosts/") {
			ids[sid] = id
			sids = append(sids, sid)
		}
	}
	slices.Sort(sids)
	var words []string
	for _, sid := range sids {
		words = append(words, ids[sid])
	}
	return strings.Join(words, ",")
}

// take gives and forgets what ran on instances, in the order in which it began.
func (tr *traces) take(instances map[string]string) []event {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var out []event
	for id, e := range tr.events {
		if _, mine := instances[e.instance]; mine {
			out = append(out, *e)
			delete(tr.events, id)
		}
	}
	slices.SortFunc(out, func(a, b event) int { return a.began - b.began })
	return out
}
