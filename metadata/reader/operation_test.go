package reader

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/stack/consultest"
)

// The operation is not part of the tree, from every source, and its change does not make a revision.
func TestOperationIsNoPartOfTheTree(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := p.reader()
	consultest.Own(t, p.store, clusterID, "op")
	require.NoError(t, p.store.SetOperation(t.Context(), clusterID, "op", "CreateCluster"))
	want := build(t, record(3))
	p.publish(t, 1, want)
	for _, operation := range []string{"CreateCluster", "AddNodes", ""} {
		require.NoError(t, p.store.SetOperation(t.Context(), clusterID, "op", operation))
		got, err := r.Operation(t.Context(), clusterID)
		require.NoError(t, err)
		require.Equal(t, operation, got)
		listed, err := r.list(t.Context(), clusterID)
		require.NoError(t, err)
		require.Equal(t, want, listed.asTree())
		unpacked, err := r.unpack(t.Context(), clusterID, true)
		require.NoError(t, err)
		require.Equal(t, want, unpacked.asTree())
		snapshot, err := r.Snapshot(t.Context(), clusterID)
		require.NoError(t, err)
		require.EqualValues(t, 1, snapshot.Revision)
	}
}

func TestOperationWhenConsulIsAway(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Addr: "http://127.0.0.1:1", Prefix: "x"}).Operation(t.Context(), clusterID)
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
}
