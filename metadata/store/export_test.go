package store

import (
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"
)

// FailAfter makes publishes call f after every transaction; an error ends the publish there, like a crash.
func (s *Store) FailAfter(f func(n int) error) { s.afterTransaction = f }

// Lose removes a control record alone, as a user with access to Consul may.
func (s *Store) Lose(t *testing.T, clusterID string) {
	t.Helper()
	_, index, err := s.Record(t.Context(), clusterID)
	require.NoError(t, err)
	_, err = s.commit(t.Context(), []*api.KVTxnOp{drop(s.recordKey(clusterID), index)}, "lose a record")
	require.NoError(t, err)
}
