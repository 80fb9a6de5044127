package world

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"drover/activities"
	"drover/activities/machines"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// GiveTokens makes the world give out tokens from here on.
func (w *World) GiveTokens() *fakes.Access {
	access := fakes.NewAccess()
	w.Deps.Access = access
	w.Acts = activities.New(w.Deps)
	return access
}

// Put writes a changed record.
func (w *World) Put(rec *lifecycle.Record) {
	w.Helper()
	_, index, err := w.Store.Record(w.Context(), rec.ClusterID)
	require.NoError(w, err)
	_, err = w.Store.PutRecord(w.Context(), rec, index)
	require.NoError(w, err)
}

// Examine examines the cluster.
func (w *World) Examine() api.Examination {
	w.Helper()
	out, err := w.Acts.Reads.ExamineCluster(w.Context(), api.ExamineClusterInput{ClusterID: ClusterID})
	require.NoError(w, err)
	return out
}

// Orphans reads the orphan ledger.
func (w *World) Orphans() []lifecycle.Orphan {
	w.Helper()
	ledger, err := w.Store.Orphans(w.Context())
	require.NoError(w, err)
	return ledger
}

// Release is the last attempt of an operation to release everything.
func (w *World) Release() machines.ReleaseResult {
	w.Helper()
	out, err := w.Acts.Machines.Release(w.Context(), machines.ReleaseInput{ClusterID: ClusterID, RunID: "run-1"})
	require.NoError(w, err)
	return out
}

// Begun: a run of an operation owns the cluster from now on, whatever ran before.
func (w *World) Begun(run, operation string) records.Begun {
	w.Helper()
	rec, index, err := w.Store.Record(w.Context(), ClusterID)
	require.NoError(w, err)
	rec.State, rec.Operation.State = lifecycle.Active, api.OpSucceeded
	_, err = w.Store.PutRecord(w.Context(), rec, index)
	require.NoError(w, err)
	begun, err := w.Acts.Records.BeginOperation(w.Context(), records.BeginInput{ClusterID: ClusterID, RunID: run, Type: operation})
	require.NoError(w, err)
	return begun
}

// Ended: no operation runs on the cluster any more.
func (w *World) Ended(state lifecycle.State) {
	w.Helper()
	w.End(records.EndInput{RunID: "run-1", Outcome: api.OpSucceeded, ClusterState: state})
}

// End ends an operation of the world's cluster, and expects success.
func (w *World) End(in records.EndInput) records.Ended {
	w.Helper()
	in.ClusterID = ClusterID
	ended, err := w.Acts.Records.EndOperation(w.Context(), in)
	require.NoError(w, err)
	return ended
}

// EndingLater ends the context of activities with a cause when told.
type EndingLater struct {
	interceptor.WorkerInterceptorBase
	Cause error
	When  <-chan struct{}
}

func (e *EndingLater) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &endingLaterInbound{interceptor.ActivityInboundInterceptorBase{Next: next}, e}
}

type endingLaterInbound struct {
	interceptor.ActivityInboundInterceptorBase
	e *EndingLater
}

func (i *endingLaterInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-i.e.When:
			cancel(i.e.Cause)
		case <-ctx.Done():
		}
	}()
	return i.Next.ExecuteActivity(ctx, in)
}

// Server answers in turn whether the attempt continues; the last answer stays.
type Server struct {
	Answers []error
	Asked   atomic.Int32
}

func (s *Server) RecordActivityHeartbeat(context.Context, []byte, ...any) error {
	return s.Answers[min(int(s.Asked.Add(1)), len(s.Answers))-1]
}

// Application is the error that a workflow sees, and the fault in it.
func Application(t *testing.T, err error) (*temporal.ApplicationError, fault.Fault) {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	var f fault.Fault
	require.NoError(t, app.Details(&f))
	return app, f
}

// Change changes the control record.
func (w *World) Change(change func(*lifecycle.Record) error) (*lifecycle.Record, error) {
	w.Helper()
	rec := w.Record()
	if err := change(rec); err != nil {
		return nil, err
	}
	w.Put(rec)
	return rec, nil
}
