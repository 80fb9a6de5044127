package store

import (
	"context"

	"drover/metadata/pack"
)

// SetOperation tells the cluster's agents which operation runs, or what an idle cluster is that is not active
// (lifecycle.State.Mark); "" is neither. Only the run that owns the cluster may.
func (s *Store) SetOperation(ctx context.Context, clusterID, run, operation string) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	key := s.clusterRoot(clusterID) + pack.OperationKey
	change := set(key, []byte(operation))
	if operation == "" {
		change = remove(key)
	}
	return s.whileOwned(ctx, clusterID, run, "tell the agents of cluster "+clusterID+" about its operation", change)
}
