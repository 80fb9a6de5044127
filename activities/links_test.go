package activities

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata/store"
	"drover/workflows/api"
)

// meddled calls before the first write of a record and after it, once each.
type meddled struct {
	RecordStore
	before, after func()
}

func (m *meddled) PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (uint64, error) {
	before, after := m.before, m.after
	m.before, m.after = nil, nil
	if before != nil {
		before()
	}
	index, err := m.RecordStore.PutRecord(ctx, rec, index)
	if after != nil {
		after()
	}
	return index, err
}

const linkingID = "cl-test0002"

// linkedWorld has an active cluster, and an application whose clusters link to it.
func linkedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.cluster(1)
	require.NoError(t, w.acts.EndOperation(t.Context(), EndInput{
		ClusterID: clusterID, RunID: "run-1", Outcome: api.OpSucceeded, ClusterState: lifecycle.Active,
	}))
	require.NoError(t, w.store.PutApp(t.Context(), store.App{
		AppID: "linking", VersionID: "1", Archive: archiveWith(t, 1, `"links":{"up":"`+clusterID+`"},`),
	}))
	return w
}

func (w *world) createLinking() error {
	_, err := w.acts.PrepareCreate(w.Context(), PrepareCreateInput{
		ClusterID: linkingID, RunID: "run-2", Create: api.CreateClusterInput{App: "linking"},
	})
	return err
}

func (w *world) beginDeletion(force bool) (Begun, error) {
	return w.acts.BeginOperation(w.Context(), BeginInput{
		ClusterID: clusterID, RunID: "run-3", Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{Force: force},
	})
}

func TestLinkedClusterIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := linkedWorld(t)
	require.NoError(t, w.createLinking())
	before := w.record()
	_, err := w.beginDeletion(false)
	f := w.requireFault(fault.NotAllowed, err)
	require.Equal(t, "other clusters link to it: cl-test0002 (link up)", f.Message)
	require.Contains(t, f.Hint, "drover delete cl-test0002")
	require.Equal(t, before, w.record(), "a refusal writes nothing")

	begun, err := w.beginDeletion(true)
	require.NoError(t, err)
	require.Equal(t, []lifecycle.Linking{{ClusterID: linkingID, Names: []string{"up"}}}, begun.LinkedBy)

	// What force leaves is told.
	lost := func() []string {
		rec, _, err := w.store.Record(t.Context(), linkingID)
		require.NoError(t, err)
		names, err := w.deps.lostLinks(t.Context(), rec.Spec)
		require.NoError(t, err)
		return names
	}
	require.Empty(t, lost())
	require.NoError(t, w.store.DeleteRecord(t.Context(), clusterID))
	require.Equal(t, []string{"up"}, lost())
}

func TestNobodyLinksToAClusterThatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	w := linkedWorld(t)
	begun, err := w.beginDeletion(false)
	require.NoError(t, err)
	require.Empty(t, begun.LinkedBy)
	f := w.requireFault(fault.Invalid, w.createLinking())
	require.Equal(t, `link "up": cluster cl-test0001 is being deleted`, f.Message)
}

// Whatever comes between the look and the write, no cluster is left with a link to one that is deleted.
func TestLinkAndDeletionAtTheSameMoment(t *testing.T) {
	t.Parallel()
	for name, meddle := range map[string]func(m *meddled, other func()){
		"before the write": func(m *meddled, other func()) { m.before = other },
		"after the write":  func(m *meddled, other func()) { m.after = other },
	} {
		t.Run("creation "+name, func(t *testing.T) {
			t.Parallel()
			w := linkedWorld(t)
			deps := w.deps
			m := &meddled{RecordStore: w.store}
			deps.Records = m
			var created error
			meddle(m, func() { created = w.createLinking() })
			_, err := New(deps).BeginOperation(t.Context(), BeginInput{
				ClusterID: clusterID, RunID: "run-3", Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{},
			})
			require.False(t, created == nil && err == nil, "both went ahead")
		})
		t.Run("deletion "+name, func(t *testing.T) {
			t.Parallel()
			w := linkedWorld(t)
			deps := w.deps
			m := &meddled{RecordStore: w.store}
			deps.Records = m
			var began error
			meddle(m, func() { _, began = w.beginDeletion(false) })
			_, err := New(deps).PrepareCreate(t.Context(), PrepareCreateInput{
				ClusterID: linkingID, RunID: "run-2", Create: api.CreateClusterInput{App: "linking"},
			})
			require.False(t, began == nil && err == nil, "both went ahead")
		})
	}
}
