package sentinel

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/pack"
)

// board is a store, views and a clock in memory.
type board struct {
	mu      sync.Mutex
	index   uint64
	beats   map[node]metadata.Reported
	lives   map[string]metadata.Live
	views   []metadata.View
	lease   metadata.Lease
	now     time.Time
	away    error
	written int
	dropped int
	steps   map[string]metadata.LiveStep
	busy    bool
	acts    []string
}

func newBoard(nodes int) *board {
	b := &board{beats: map[node]metadata.Reported{}, lives: map[string]metadata.Live{}, now: time.Unix(1000, 0)}
	v := metadata.View{ClusterID: "cl-a", State: "active", NodeCount: nodes}
	for i := range nodes {
		v.Nodes = append(v.Nodes, metadata.ViewNode{NodeID: fmt.Sprint("cln-", i)})
	}
	b.views = []metadata.View{v}
	return b
}

func (b *board) beat(id, health, reason string) {
	b.index++
	b.beats[node{"cl-a", id}] = metadata.Reported{ClusterID: "cl-a", NodeID: id, Index: b.index, Beat: pack.Beat{Health: health, Reason: reason}}
}

func (b *board) Beats(context.Context) ([]metadata.Reported, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []metadata.Reported
	for _, r := range b.beats {
		out = append(out, r)
	}
	return out, b.away
}

func (b *board) DropBeats(_ context.Context, old []metadata.Reported) error {
	for _, r := range old {
		delete(b.beats, node{r.ClusterID, r.NodeID})
		b.dropped++
	}
	return nil
}

func (b *board) Lives(context.Context) (map[string]metadata.Live, error) {
	out := map[string]metadata.Live{}
	for id, l := range b.lives {
		out[id] = l
	}
	return out, nil
}

func (b *board) PutLive(_ context.Context, l metadata.Live) error {
	b.lives[l.ClusterID] = l
	b.written++
	return nil
}

func (b *board) Lease(context.Context, string) (metadata.Lease, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lease, b.away
}

func (b *board) TakeLease(_ context.Context, _ string, l metadata.Lease, index uint64) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil {
		return 0, b.away
	}
	if b.lease.Index != index {
		return 0, fault.New(fault.Conflict, "taken")
	}
	b.index++
	b.lease = l
	b.lease.Index = b.index
	return b.index, nil
}

func (b *board) DropLease(_ context.Context, _ string, index uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lease.Index == index {
		b.lease = metadata.Lease{}
	}
	return nil
}

func (b *board) Run(context.Context) {}

func (b *board) All(context.Context) ([]metadata.View, error) {
	var out []metadata.View
	for _, v := range b.views {
		out = append(out, v.With(b.lives[v.ClusterID]))
	}
	return out, nil
}

func (b *board) options(name string) Options {
	return Options{
		Store: b, Views: func() Views { return b }, Name: name, Now: func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now },
		Steps: func(context.Context, []metadata.View) map[string]metadata.LiveStep { return b.steps },
		Heal: func(_ context.Context, act lifecycle.Act) error {
			if b.busy {
				return fault.New(fault.Conflict, "busy")
			}
			b.acts = append(b.acts, act.Level+" "+strings.Join(act.Nodes, " "))
			return nil
		},
		Logger: slog.New(slog.DiscardHandler),
	}
}

// tenure begins to watch; the result lets time pass in rounds, and gives the health of all nodes.
func (b *board) tenure(t *testing.T) func(rounds int) string {
	w := &watch{Options: b.options("a"), views: b}
	return func(rounds int) string {
		for range rounds {
			require.NoError(t, w.round(t.Context()))
			b.now = b.now.Add(roundEvery)
		}
		text := ""
		for _, n := range b.lives["cl-a"].Nodes {
			text += n.Health + " "
		}
		return text
	}
}

func TestNodesAreHealthyUnhealthyOrGone(t *testing.T) {
	t.Parallel()
	b := newBoard(3)
	watch := b.tenure(t)
	require.Equal(t, "unknown unknown unknown ", watch(1))
	b.beat("cln-0", "healthy", "")
	b.beat("cln-1", "healthy", "")
	require.Equal(t, "healthy healthy unknown ", watch(1))
	b.beat("cln-1", "unhealthy", "exit status 1")
	require.Equal(t, "healthy unhealthy unknown ", watch(1), "a change is known in the next round")
	require.Equal(t, "exit status 1", b.lives["cl-a"].Nodes[1].Reason)
	since := b.lives["cl-a"].Nodes[1].Since
	written := b.written
	watch(4)
	require.Equal(t, written, b.written, "nothing is written without a change")
	for range 10 { // cln-0 is silent from its report on
		b.beat("cln-1", "unhealthy", "exit status 1")
		watch(1)
	}
	require.Equal(t, "gone unhealthy unknown ", watch(1))
	require.Equal(t, since, b.lives["cl-a"].Nodes[1].Since)
	b.beat("cln-0", "healthy", "")
	require.Equal(t, "healthy unhealthy unknown ", watch(1))
}

// While nothing can be read, no node is taken for silent.
func TestSilenceOfConsulIsNoSilenceOfNodes(t *testing.T) {
	t.Parallel()
	b := newBoard(1)
	watch := b.tenure(t)
	b.beat("cln-0", "healthy", "")
	require.Equal(t, "healthy ", watch(2))
	b.now = b.now.Add(time.Hour)
	require.Equal(t, "healthy ", watch(1))
	require.Equal(t, "healthy ", watch(10))
	require.Equal(t, "gone ", watch(3), "it counts from then on")
}

// The next worker begins with what the one before knew, and gives every node its time to report.
func TestANewTenureContinues(t *testing.T) {
	t.Parallel()
	b := newBoard(2)
	watch := b.tenure(t)
	b.beat("cln-0", "healthy", "")
	b.beat("cln-1", "healthy", "")
	watch(1)
	for range 14 {
		b.beat("cln-1", "healthy", "")
		watch(1)
	}
	require.Equal(t, "gone healthy ", watch(1))
	since := b.lives["cl-a"].Nodes[0].Since
	next := b.tenure(t)
	b.now = b.now.Add(time.Minute)
	require.Equal(t, "gone healthy ", next(10))
	require.Equal(t, since, b.lives["cl-a"].Nodes[0].Since)
	require.Equal(t, "gone gone ", next(4))
	b.beat("cln-0", "healthy", "")
	require.Equal(t, "healthy gone ", next(1))
}

func TestMachinesThatAreOffAreNotGone(t *testing.T) {
	t.Parallel()
	b := newBoard(1)
	watch := b.tenure(t)
	b.beat("cln-0", "healthy", "")
	watch(1)
	b.views[0].Off = true
	require.Equal(t, "off ", watch(20))
}

func TestReportsOfNoNodeAreRemoved(t *testing.T) {
	t.Parallel()
	b := newBoard(1)
	watch := b.tenure(t)
	b.beat("cln-0", "healthy", "")
	b.beat("cln-9", "healthy", "")
	watch(10)
	require.Zero(t, b.dropped, "its record may be about to come")
	watch(25)
	require.Equal(t, 1, b.dropped)
	require.Len(t, b.beats, 1)
}

// The step of an operation is known while it runs, also when it does not answer for a moment.
func TestStepsOfOperations(t *testing.T) {
	t.Parallel()
	b := newBoard(1)
	watch := b.tenure(t)
	b.views[0].Operation = metadata.ViewOperation{RunID: "r1", State: "running", Type: "AddNodes"}
	b.steps = map[string]metadata.LiveStep{"cl-a": {RunID: "r1", State: "held", Step: "AN4 init", Since: "x"}}
	watch(2)
	shown, err := b.All(t.Context())
	require.NoError(t, err)
	require.Equal(t, metadata.ViewOperation{RunID: "r1", State: "held", Type: "AddNodes", Step: "AN4 init", Since: "x"}, shown[0].Operation)
	b.steps = map[string]metadata.LiveStep{}
	watch(4)
	require.Equal(t, "AN4 init", b.lives["cl-a"].Operation.Step)
	b.views[0].Operation.State = "succeeded"
	watch(1)
	require.Empty(t, b.lives["cl-a"].Operation)
}

// Levels follow each other, also over a change of the worker; nothing happens while the cluster is busy.
func TestBadNodesAreHealed(t *testing.T) {
	t.Parallel()
	b := newBoard(3)
	b.views[0].Heal = lifecycle.HealReplace
	watch := b.tenure(t)
	round := func(watch func(int) string, rounds int) {
		for range rounds {
			b.beat("cln-0", "healthy", "")
			b.beat("cln-1", "unhealthy", "exit status 1")
			b.beat("cln-2", "healthy", "")
			watch(1)
		}
	}
	b.busy = true
	round(watch, 15)
	require.Empty(t, b.acts)
	b.busy = false
	round(watch, 1)
	require.Equal(t, []string{"restart cln-1"}, b.acts)
	round(watch, 9)
	require.Len(t, b.acts, 1, "it gets its time")
	round(watch, 2)
	require.Equal(t, []string{"restart cln-1", "repair cln-1"}, b.acts)
	next := b.tenure(t)
	round(next, 10)
	require.Len(t, b.acts, 2)
	round(next, 2)
	require.Equal(t, []string{"restart cln-1", "repair cln-1", "replace cln-1"}, b.acts)
	round(next, 30)
	require.Len(t, b.acts, 3)
	require.True(t, b.lives["cl-a"].Nodes[1].Helpless)
}

// Half of the nodes at once are left to people.
func TestTheBrakeIsNoted(t *testing.T) {
	t.Parallel()
	b := newBoard(4)
	b.views[0].Heal = lifecycle.HealReplace
	watch := b.tenure(t)
	for range 400 {
		b.beat("cln-0", "healthy", "")
		b.beat("cln-1", "healthy", "")
		b.beat("cln-2", "unhealthy", "")
		b.beat("cln-3", "unhealthy", "")
		watch(1)
	}
	require.Empty(t, b.acts)
	require.Equal(t, "2 of 4 nodes became bad within 10 minutes", b.lives["cl-a"].Brake)
	require.NotEmpty(t, b.lives["cl-a"].BrakeSince)
	written := b.written
	watch(1)
	require.Equal(t, written, b.written)
	b.beat("cln-2", "healthy", "")
	b.beat("cln-3", "healthy", "")
	watch(1)
	require.Empty(t, b.lives["cl-a"].Brake)
}

func TestTheLeaseMovesWhenItsHolderIsSilent(t *testing.T) {
	t.Parallel()
	b := newBoard(1)
	var first, second lease
	index, err := first.take(t.Context(), b.options("a"))
	require.NoError(t, err)
	require.NotZero(t, index)
	free := func() bool {
		index, err := second.take(t.Context(), b.options("b"))
		require.NoError(t, err)
		return index > 0
	}
	require.False(t, free())
	b.now = b.now.Add(leaseFor - 1)
	_, err = b.TakeLease(t.Context(), leaseName, b.options("a").lease(), index)
	require.NoError(t, err)
	require.False(t, free(), "it was renewed")
	b.now = b.now.Add(leaseFor - 1)
	require.False(t, free())
	b.now = b.now.Add(1)
	require.True(t, free())
	require.Less(t, leaseLost, leaseFor)
}

// A sentinel that ends gives its lease back.
func TestTheLeaseIsGivenBack(t *testing.T) {
	t.Parallel()
	b := newBoard(1)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { Run(ctx, b.options("a")); close(ended) }()
	holder := func() string { l, _ := b.Lease(ctx, leaseName); return l.Holder }
	require.Eventually(t, func() bool { return holder() == "a" }, time.Minute, time.Millisecond)
	stop()
	<-ended
	require.Empty(t, holder())
}
