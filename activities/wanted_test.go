package activities

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

// server answers in turn whether the attempt goes on; the last answer stays.
type server struct {
	answers []error
	asked   atomic.Int32
}

func (s *server) RecordActivityHeartbeat(context.Context, []byte, ...any) error {
	return s.answers[min(int(s.asked.Add(1)), len(s.answers))-1]
}

func TestStageBeginsOnlyWhatTheServerStillWants(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	close(over)
	for name, tc := range map[string]struct {
		answer error
		ended  error // the activity's context, and why; the SDK does that at the next heartbeat
		ran    int
	}{
		"it goes on":   {answer: nil, ran: 3},
		"given up":     {answer: serviceerror.NewNotFound("no such task"), ended: errors.New("given up")},
		"cancelled":    {answer: temporal.NewCanceledError(), ended: temporal.NewCanceledError()},
		"nobody there": {answer: serviceerror.NewUnavailable("restarting")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.running(3)
			asked := &server{answers: []error{tc.answer}}
			w.deps.Temporal = asked
			env := environment()
			interceptors := []interceptor.WorkerInterceptor{Faults()}
			if tc.ended != nil {
				interceptors = append([]interceptor.WorkerInterceptor{&endingLater{cause: tc.ended, when: over}}, interceptors...)
			}
			env.SetWorkerOptions(worker.Options{Interceptors: interceptors})
			env.RegisterActivityWithOptions(New(w.deps).RunStage, activity.RegisterOptions{Name: RunStage})
			value, err := env.ExecuteActivity(RunStage, stage(rec, "start"))
			require.Len(t, w.agents.Ran(), tc.ran)
			require.Positive(t, asked.asked.Load())
			if tc.ended != nil {
				require.Error(t, err)
				return
			}
			var out StageResult
			require.NoError(t, err)
			require.NoError(t, value.Get(&out))
			if tc.ran == 0 {
				// The real agents ask again for as long as they endure a node that does not answer.
				require.Equal(t, "---", out.Outcomes)
			}
		})
	}
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
