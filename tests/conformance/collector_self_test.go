package conformance

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/tests/tracer"
)

// The collector itself: everything an operation could do wrong is noticed.
func TestCollectorNotices(t *testing.T) {
	t.Parallel()
	tree := map[string]string{"/hosts/a/i-1/role": "a", "/hosts/a/i-1/sid": "1", "/hosts/a/i-2/role": "a", "/hosts/a/i-2/sid": "2"}
	plan := []string{"init: a/1 a/2 | hosts a/1 a/2", "start: a/1"}
	for _, tc := range []struct {
		name string
		// Commands that begin at the same time are in one string: "init a/1 init a/2".
		ran  []string
		says string
		seen map[string]string
		live map[string]string
	}{
		{name: "nothing wrong", ran: []string{"init a/1 init a/2", "start a/1"}},
		{name: "nothing ran", says: "init: a/1 a/2 did not run to its end; not begun: [a/1 a/2]"},
		{name: "one is missing", ran: []string{"init a/1"}, says: "waited for [a/2] to begin at the same time"},
		{name: "one after the other", ran: []string{"init a/1", "init a/2", "start a/1"}, says: "waited for [a/2] to begin at the same time"},
		{name: "the last group is missing", ran: []string{"init a/1 init a/2"}, says: "start: a/1 did not run"},
		{name: "too early", ran: []string{"start a/1"}, says: "start on a/1 (): was not expected: it was the turn of init: a/1 a/2"},
		{name: "wrong node", ran: []string{"init a/1 init a/2", "start a/2"}, says: "start on a/2 (): was not expected"},
		{name: "too many", ran: []string{"init a/1 init a/2", "start a/1", "start a/1"}, says: "the operation has run everything"},
		{name: "twice", ran: []string{"init a/1 init a/1 init a/2"}, says: "ran twice"},
		{name: "sees too little", ran: []string{"init a/1 init a/2", "start a/1"}, seen: map[string]string{"/hosts/a/i-1/role": "a", "/hosts/a/i-1/sid": "1"},
			says: `sees "hosts a/1"; want "hosts a/1 a/2"`},
		{name: "sees too much", ran: []string{"init a/1 init a/2", "start a/1"}, seen: with(tree, "/deleting-hosts/a/i-1/sid", "1", "/deleting-hosts/a/i-1/role", "a"),
			says: `sees "hosts a/1 a/2; deleting a/1"; want "hosts a/1 a/2"`},
		{name: "other metadata over HTTP", ran: []string{"init a/1 init a/2", "start a/1"}, live: with(tree, "/env/x", "1"),
			says: `is told other things by http://metadata than by its files: /env/x: only "1"`},
		{name: "not itself", ran: []string{"init a/1 init a/2", "start a/1"}, seen: with(tree, "/hosts/a/i-1/node_id", "cln-other", "/hosts/a/i-2/node_id", "cln-other"),
			says: "does not find itself"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.live != nil && os.Geteuid() != 0 {
				t.Skip("metadata over HTTP is compared where nodes can listen on port 80: as root")
			}
			c := newCollector()
			c.together = 100 * time.Millisecond
			rec := c.record("cl-1")
			rec.expect(groupsOf(t, plan))
			last := 0
			for _, group := range tc.ran {
				first := last + 1
				var each sync.WaitGroup
				words := strings.Fields(group)
				for i := 0; i < len(words); i += 2 {
					role, sid, _ := strings.Cut(words[i+1], "/")
					seen, live := tree, tree
					if tc.seen != nil {
						seen, live = tc.seen, tc.seen
					}
					if tc.live != nil {
						live = tc.live
					}
					own := []string{"/host/role", role, "/host/sid", sid}
					e := tracer.Event{
						Cluster: "cl-1", Instance: "i-" + sid, Role: role, SID: sid, Command: words[i],
						Seen: with(seen, own...), Live: with(live, own...),
					}
					last++
					id := last
					each.Go(func() {
						if _, err := c.Begin(t.Context(), id, e); err != nil {
							t.Error(err)
						}
					})
				}
				each.Wait()
				for id := first; id <= last; id++ {
					c.End(id)
				}
			}
			verdict := strings.Join(rec.verdict(), "\n")
			if tc.says == "" {
				require.Empty(t, verdict)
			} else {
				require.Contains(t, verdict, tc.says)
			}
		})
	}
}

// with is a tree with more keys.
func with(tree map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for k, v := range tree {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}
