package store

import (
	"context"

	"drover/metadata/pack"
)

// SetOperation publishes to the cluster's agents which operation runs, or the state of a cluster that is not active
// (lifecycle.State.Mark); "" means neither. It fails unless run owns the cluster.
func (s *Store) SetOperation(ctx context.Context, clusterID, run, operation string) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	key := s.clusterRoot(clusterID) + pack.OperationKey
	change := set(key, []byte(operation))
	if operation == "" {
		change = remove(key)
	}
	return s.whileOwned(ctx, clusterID, run, "publish the running operation of cluster "+clusterID, change)
}
