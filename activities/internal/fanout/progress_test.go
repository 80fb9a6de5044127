package fanout

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
)

func TestHeartbeatShowsTheLongestWaitingFirst(t *testing.T) {
	t.Parallel()
	b := newHeartbeat(someNodes(6))
	for _, i := range []int{4, 2, 0, 1, 3} {
		b.start(i)
	}
	b.end(4)
	Progress{b, 2}.Line("working")
	beat := b.snapshot()
	require.Equal(t, []int{1, 6}, []int{beat.Done, beat.Total})
	var names []string
	for _, w := range beat.Waiting {
		names = append(names, w.Node)
	}
	require.Equal(t, []string{"a/3 cln-00000003", "a/1 cln-00000001", "a/2 cln-00000002"}, names)
	require.Equal(t, "working", beat.Waiting[0].LastLine)
}

// An answer must not be older than the question, and many who ask at once share one.
func TestQuestionIsPutAfterItIsAsked(t *testing.T) {
	t.Parallel()
	var q question
	var put atomic.Int32
	started, answer := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- q.ask(func() error {
			put.Add(1)
			close(started)
			<-answer
			return nil
		})
	}()
	<-started
	refusal := errors.New("given up meanwhile")
	const many = 20
	others := make(chan error, many)
	var waiting atomic.Int32
	for range many {
		go func() {
			waiting.Add(1)
			others <- q.ask(func() error {
				put.Add(1)
				return refusal
			})
		}()
	}
	require.Eventually(t, func() bool { return waiting.Load() == many }, time.Minute, time.Millisecond)
	close(answer)
	require.NoError(t, <-first)
	for range many {
		require.ErrorIs(t, <-others, refusal, "the first one's answer is older than their question")
	}
	require.GreaterOrEqual(t, put.Load(), int32(2))
}

func someNodes(n int) []lifecycle.Node {
	var out []lifecycle.Node
	for i := range n {
		out = append(out, lifecycle.Node{ID: fmt.Sprintf("cln-%08d", i+1), Role: "a", SID: i + 1})
	}
	return out
}
