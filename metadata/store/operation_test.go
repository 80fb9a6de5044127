package store_test

import (
	"errors"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/pack"
	"drover/tests/stack/consultest"
)

func (p parts) requireOperation(t *testing.T, want string) {
	t.Helper()
	got, err := p.reader().Operation(t.Context(), clusterID)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestOperationIsPublishedToNodes(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.requireOperation(t, "")
	for _, operation := range []string{"CreateCluster", "DeleteCluster", "DeleteCluster", "", ""} {
		require.NoError(t, p.operation(t, clusterID, operation))
		p.requireOperation(t, operation)
	}
	require.Empty(t, p.keys(t), "no operation means no key, not an empty one")
	require.True(t, fault.Is(p.store.SetOperation(t.Context(), "a/b", "op", "x"), fault.Invalid))
}

// No kind of publish removes or publishes the operation.
func TestPublishLeavesTheOperationAlone(t *testing.T) {
	t.Parallel()
	small, large, other := build(t, record(1)), build(t, record(60)), build(t, record(2))
	for name, before := range map[string]func(t *testing.T, p parts){
		"compared with the packed tree": func(*testing.T, parts) {},
		"compared with the keys": func(t *testing.T, p parts) {
			_, client := consultest.Start(t)
			for _, key := range []string{pack.FullKey, pack.RecentKey} {
				_, err := client.KV().Delete(p.prefix+"/clusters/"+clusterID+"/"+key, nil)
				require.NoError(t, err)
			}
		},
		"compared with the keys, the packed tree unreadable": func(t *testing.T, p parts) {
			_, client := consultest.Start(t)
			_, err := client.KV().Put(&api.KVPair{Key: p.prefix + "/clusters/" + clusterID + "/" + pack.FullKey, Value: []byte("not packed")}, nil)
			require.NoError(t, err)
		},
		"continued after a crash": func(t *testing.T, p parts) {
			p.store.FailAfter(func(int) error { return errors.New("died") })
			require.Error(t, p.publish(t, clusterID, 2, "op", large))
			p.store.FailAfter(nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			require.NoError(t, p.operation(t, clusterID, "AddNodes"))
			require.NoError(t, p.publish(t, clusterID, 1, "op", small))
			before(t, p)
			for rev, tree := range []metadata.Tree{large, other} {
				require.NoError(t, p.publish(t, clusterID, int64(rev+2), "op", tree))
				p.requirePublished(t, int64(rev+2), "op", tree)
				require.Equal(t, "AddNodes", p.keys(t)[pack.OperationKey])
				p.requireOperation(t, "AddNodes")
			}
			snapshot, err := p.reader().Snapshot(t.Context(), clusterID)
			require.NoError(t, err)
			require.EqualValues(t, 3, snapshot.Revision)
			require.NoError(t, p.operation(t, clusterID, ""))
			p.requirePublished(t, 3, "op", other)
		})
	}
}

func TestRemoveTakesTheOperationToo(t *testing.T) {
	t.Parallel()
	p := start(t)
	require.NoError(t, p.operation(t, clusterID, "DeleteCluster"))
	require.NoError(t, p.publish(t, clusterID, 1, "op", build(t, record(2))))
	require.NoError(t, p.forget(t, clusterID))
	require.Empty(t, p.keys(t))
	p.requireOperation(t, "")

	require.NoError(t, p.operation(t, clusterID, "CreateCluster"))
	require.NoError(t, p.forget(t, clusterID), "before the first revision")
	require.Empty(t, p.keys(t))
}
