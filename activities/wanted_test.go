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

	"drover/lifecycle"
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

// An attempt that waited for the record in a cut connection, until another one and a whole operation had followed, does
// nothing to machines that are there now.
func TestMachinesAreLeftAloneByAttemptsThatAreOver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		activity func(*Activities) any
		input    func(NodesInput) any
	}{
		Provision:    {func(a *Activities) any { return a.Provision }, func(in NodesInput) any { return in }},
		Power:        {func(a *Activities) any { return a.Power }, func(in NodesInput) any { return PowerInput{NodesInput: in} }},
		Resize:       {func(a *Activities) any { return a.Resize }, func(in NodesInput) any { return ResizeInput{NodesInput: in, Size: lifecycle.Size{CPU: 7}} }},
		Grow:         {func(a *Activities) any { return a.Grow }, func(in NodesInput) any { return ResizeInput{NodesInput: in, Size: lifecycle.Size{VolumeSize: 70}} }},
		Replace:      {func(a *Activities) any { return a.Replace }, func(in NodesInput) any { return ReplaceInput{NodesInput: in, To: FreshRoot} }},
		ReleaseNodes: {func(a *Activities) any { return a.ReleaseNodes }, func(in NodesInput) any { return ReleaseNodesInput{NodesInput: in, Attempts: 9} }},
		Release:      {func(a *Activities) any { return a.Release }, func(in NodesInput) any { return ReleaseInput{ClusterID: in.ClusterID} }},
		EndStrays:    {func(a *Activities) any { return a.EndStrays }, func(in NodesInput) any { return in }},
	} {
		for word, answer := range map[string]error{"given up": serviceerror.NewNotFound("no such task"), "it goes on": nil} {
			t.Run(name+"/"+word, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				rec := w.running(2)
				for i := range rec.Nodes {
					rec.Nodes[i].NextInstanceID = rec.Nodes[i].InstanceID + "-next"
				}
				_, index, err := w.store.Record(t.Context(), clusterID)
				require.NoError(t, err)
				_, err = w.store.PutRecord(t.Context(), rec, index)
				require.NoError(t, err)
				before, err := w.provider.List(t.Context(), clusterID)
				require.NoError(t, err)
				asked := &server{answers: []error{answer}}
				w.deps.Temporal = asked
				env := environment()
				env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{Faults()}})
				env.RegisterActivityWithOptions(tc.activity(New(w.deps)), activity.RegisterOptions{Name: name})
				_, err = env.ExecuteActivity(name, tc.input(NodesInput{ClusterID: clusterID, Nodes: ids(rec)}))
				require.Positive(t, asked.asked.Load())
				if answer == nil {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, "this attempt is over")
				after, err := w.provider.List(t.Context(), clusterID)
				require.NoError(t, err)
				require.Equal(t, before, after)
				now := w.record()
				require.Equal(t, rec.Nodes, now.Nodes)
			})
		}
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
