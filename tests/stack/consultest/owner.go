package consultest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
)

// Records keeps control records.
type Records interface {
	Record(ctx context.Context, id string) (*lifecycle.Record, uint64, error)
	PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (uint64, error)
}

// Own makes a run the owner of a cluster, as the start of an operation does; the cluster may not exist yet.
func Own(t testing.TB, records Records, id, run string) {
	t.Helper()
	rec, index, err := records.Record(t.Context(), id)
	if fault.Is(err, fault.NotFound) {
		rec, err = &lifecycle.Record{ClusterID: id}, nil
	}
	require.NoError(t, err)
	if rec.Operation.RunID != run {
		rec.Operation.RunID = run
		_, err = records.PutRecord(t.Context(), rec, index)
		require.NoError(t, err)
	}
}
