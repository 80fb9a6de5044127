package records_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

// meddled calls before the first write of a record and after it, once each.
type meddled struct {
	activities.RecordStore
	before, after func()
}

func (m *meddled) PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (uint64, error) {
	defer m.meddle()()
	return m.RecordStore.PutRecord(ctx, rec, index)
}

func (m *meddled) PutClaiming(ctx context.Context, rec *lifecycle.Record, index uint64, had lifecycle.Claims) (uint64, error) {
	defer m.meddle()()
	return m.RecordStore.PutClaiming(ctx, rec, index, had)
}

func (m *meddled) meddle() (after func()) {
	before, after := m.before, m.after
	m.before, m.after = nil, nil
	if before != nil {
		before()
	}
	if after == nil {
		return func() {}
	}
	return after
}

const linkingID = "cl-test0002"

// linkedWorld has an active cluster, and an application whose clusters link to it.
func linkedWorld(t *testing.T) *world.World {
	w := world.New(t)
	w.Cluster(1)
	w.Ended(lifecycle.Active)
	require.NoError(t, w.Store.PutApp(t.Context(), metadata.App{
		AppID: "linking", VersionID: "1", Archive: world.ArchiveWith(t, 1, `"links":{"up":"`+world.ClusterID+`"},`),
	}))
	return w
}

func createLinking(w *world.World) error {
	_, err := w.Acts.Records.PrepareCreate(w.Context(), records.PrepareCreateInput{
		ClusterID: linkingID, RunID: "run-2", Create: api.CreateClusterInput{App: "linking"},
	})
	return err
}

func beginDeletion(w *world.World, force bool) (records.Begun, error) {
	return w.Acts.Records.BeginOperation(w.Context(), records.BeginInput{
		ClusterID: world.ClusterID, RunID: "run-3", Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{Force: force},
	})
}

func TestLinkedClusterIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := linkedWorld(t)
	require.NoError(t, createLinking(w))
	before := w.Record()
	_, err := beginDeletion(w, false)
	f := w.RequireFault(fault.NotAllowed, err)
	require.Equal(t, "other clusters link to it: cl-test0002 (link up)", f.Message)
	require.Contains(t, f.Hint, "drover delete cl-test0002")
	require.Equal(t, before, w.Record(), "a refusal writes nothing")

	begun, err := beginDeletion(w, true)
	require.NoError(t, err)
	require.Equal(t, []lifecycle.Linking{{ClusterID: linkingID, Names: []string{"up"}}}, begun.LinkedBy)

	// An examination reports what force leaves.
	lost := func() []string {
		e, err := w.Acts.Reads.ExamineCluster(t.Context(), api.ExamineClusterInput{ClusterID: linkingID})
		require.NoError(t, err)
		var links []string
		for _, f := range e.Findings {
			if strings.HasPrefix(f.What, "link ") {
				links = append(links, f.What)
			}
		}
		return links
	}
	require.Empty(t, lost())
	w.Store.LoseRecord(world.ClusterID)
	require.Equal(t, []string{"link up refers to cl-test0001, which was deleted with force"}, lost())
}

func TestNobodyLinksToAClusterThatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	w := linkedWorld(t)
	begun, err := beginDeletion(w, false)
	require.NoError(t, err)
	require.Empty(t, begun.LinkedBy)
	f := w.RequireFault(fault.Invalid, createLinking(w))
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
			deps := w.Deps
			m := &meddled{RecordStore: w.Store}
			deps.Records = m
			var created error
			meddle(m, func() { created = createLinking(w) })
			_, err := activities.New(deps).Records.BeginOperation(t.Context(), records.BeginInput{
				ClusterID: world.ClusterID, RunID: "run-3", Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{},
			})
			require.False(t, created == nil && err == nil, "both went ahead")
		})
		t.Run("deletion "+name, func(t *testing.T) {
			t.Parallel()
			w := linkedWorld(t)
			deps := w.Deps
			m := &meddled{RecordStore: w.Store}
			deps.Records = m
			var began error
			meddle(m, func() { _, began = beginDeletion(w, false) })
			_, err := activities.New(deps).Records.PrepareCreate(t.Context(), records.PrepareCreateInput{
				ClusterID: linkingID, RunID: "run-2", Create: api.CreateClusterInput{App: "linking"},
			})
			require.False(t, began == nil && err == nil, "both went ahead")
		})
	}
}
