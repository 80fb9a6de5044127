package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func someNodes(n int) []lifecycle.Node {
	var out []lifecycle.Node
	for i := range n {
		out = append(out, lifecycle.Node{ID: fmt.Sprintf("cln-%08d", i+1), Role: "a", SID: i + 1})
	}
	return out
}

func TestFanOutWithoutLimitRunsAllAtOnce(t *testing.T) {
	t.Parallel()
	const n = 1000
	together := world.NewGate(n)
	results := fanout.Run(t.Context(), someNodes(n), 0, func(ctx context.Context, node lifecycle.Node, _ fanout.Progress) (int, error) {
		if !together.Meet(ctx) {
			return 0, ctx.Err()
		}
		return node.SID, nil
	})
	require.Len(t, results, n)
	for i, r := range results {
		require.NoError(t, r.Err)
		require.Equal(t, i+1, r.Value, "in the order of the nodes")
	}
}

func TestFanOutRespectsItsLimit(t *testing.T) {
	t.Parallel()
	const limit = 4
	var now, most atomic.Int64
	together := world.NewGate(limit) // the limit is reached, too
	results := fanout.Run(t.Context(), someNodes(40), limit, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (struct{}, error) {
		defer now.Add(-1)
		for at := now.Add(1); ; {
			if m := most.Load(); at <= m || most.CompareAndSwap(m, at) {
				break
			}
		}
		if n.SID%2 == 0 {
			return struct{}{}, errors.New("even")
		}
		together.Meet(ctx)
		return struct{}{}, nil
	})
	require.LessOrEqual(t, most.Load(), int64(limit))
	for i, r := range results {
		require.Equal(t, i%2 == 1, r.Err != nil)
	}
}

func TestFanOutOverNothing(t *testing.T) {
	t.Parallel()
	require.Empty(t, fanout.Run(t.Context(), nil, 0, func(context.Context, lifecycle.Node, fanout.Progress) (int, error) { return 0, nil }))
}

func TestFanOutHeartbeatsAreBounded(t *testing.T) {
	t.Parallel()
	const n = 1000
	var mu sync.Mutex
	var beats []string
	beaten := make(chan struct{})
	env := world.Environment()
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var b api.Beat
		if err := details.Get(&b); err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		beats = append(beats, world.JSON(t, b))
		if len(beats) == 1 {
			close(beaten)
		}
	})
	env.RegisterActivityWithOptions(func(ctx context.Context) error {
		fanout.Run(ctx, someNodes(n), 0, func(ctx context.Context, node lifecycle.Node, progress fanout.Progress) (int, error) {
			progress.Line(strings.Repeat("界", 10_000))
			if node.SID > 10 {
				<-beaten
			}
			return 0, nil
		})
		return nil
	}, activity.RegisterOptions{Name: "Fan"})
	_, err := env.ExecuteActivity("Fan")
	require.NoError(t, err)
	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, beats)
	for _, b := range beats {
		require.Less(t, len(b), 2<<10)
		require.Contains(t, b, `"total":1000`)
		require.NotContains(t, b, "�", "lines are cut between characters")
	}
}

func TestFirstOf(t *testing.T) {
	t.Parallel()
	require.NoError(t, fanout.FirstOf(nil))
	hopeless, later := fault.New(fault.Invalid, "hopeless"), fault.New(fault.Unreachable, "later")
	require.Equal(t, error(later), fanout.FirstOf([]error{later}))
	require.Equal(t, error(hopeless), fanout.FirstOf([]error{later, hopeless, later}))
	var many []error
	for range 250 {
		many = append(many, later)
	}
	f := fault.As(fanout.FirstOf(many))
	require.True(t, f.Retryable)
	require.Contains(t, f.Message, "250 nodes failed")
	require.Len(t, f.Problems, fanout.MaxNamed)
}
