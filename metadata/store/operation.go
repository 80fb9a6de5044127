package store

import (
	"context"

	"github.com/hashicorp/consul/api"

	"drover/metadata/pack"
)

// SetOperation tells the cluster's agents which operation runs, "" that none does.
func (s *Store) SetOperation(ctx context.Context, clusterID, operation string) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	key := s.clusterRoot(clusterID) + pack.OperationKey
	var err error
	if operation == "" {
		_, err = s.client.KV().Delete(key, (&api.WriteOptions{}).WithContext(ctx))
	} else {
		_, err = s.client.KV().Put(&api.KVPair{Key: key, Value: []byte(operation)}, (&api.WriteOptions{}).WithContext(ctx))
	}
	return failed(err, "tell the agents of cluster %s about its operation", clusterID)
}
