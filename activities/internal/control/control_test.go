package control_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/internal/control"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
)

func TestRecordIsUpdatedFromManySidesWithoutLoss(t *testing.T) {
	t.Parallel()
	const n = 20
	w := world.New(t)
	w.Cluster(n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, errs[i] = control.Update(t.Context(), w.Store, world.ClusterID, func(rec *lifecycle.Record) error {
				rec.Nodes[i].Token = fmt.Sprint("token ", i)
				return nil
			})
		})
	}
	wg.Wait()
	rec := w.Record()
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, fmt.Sprint("token ", i), rec.Nodes[i].Token)
	}
}

func TestRecordThatKeepsChangingIsTriedAgainLater(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Cluster(1)
	tries := 0
	_, err := control.Update(t.Context(), w.Store, world.ClusterID, func(rec *lifecycle.Record) error {
		tries++
		_, err := w.Store.PutRecord(t.Context(), changed(w.Record(), fmt.Sprint(tries)), indexOf(w))
		require.NoError(t, err)
		rec.Reason = "mine"
		return nil
	})
	require.True(t, w.RequireFault(fault.Unreachable, err).Retryable)
	require.Equal(t, control.MaxTries, tries)
}

func changed(rec *lifecycle.Record, reason string) *lifecycle.Record {
	rec.Reason = reason
	return rec
}

func indexOf(w *world.World) uint64 {
	_, index, err := w.Store.Record(w.Context(), world.ClusterID)
	require.NoError(w, err)
	return index
}
