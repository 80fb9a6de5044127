package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata/pack"
)

// Revision gives the published revision, 0 when there is none.
func (s *Store) Revision(ctx context.Context, clusterID string) (int64, error) {
	if err := checkName("cluster id", clusterID); err != nil {
		return 0, err
	}
	kv, _, err := s.client.KV().Get(s.clusterRoot(clusterID)+pack.RevisionKey,
		(&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return 0, failed(err, "read the revision of cluster %s", clusterID)
	}
	if kv == nil {
		return 0, nil
	}
	return parseRevision(kv)
}

// Clusters are the ids of the clusters that have keys in Consul, with or without a control record, in order.
func (s *Store) Clusters(ctx context.Context) ([]string, error) {
	root := strings.TrimSuffix(s.clusterRoot(""), "/")
	folders, _, err := s.client.KV().Keys(root, "/", (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "list the clusters that have keys")
	}
	var ids []string
	for _, folder := range folders {
		if id, ok := strings.CutSuffix(strings.TrimPrefix(folder, root), "/"); ok && id != "" {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Remove deletes everything nodes can see of a cluster, in one step (DC8). Removing what is not there succeeds. It
// asks nobody: a publish that is half-way fails at its next transaction.
func (s *Store) Remove(ctx context.Context, clusterID string) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	_, err := s.client.KV().DeleteTree(s.clusterRoot(clusterID), (&api.WriteOptions{}).WithContext(ctx))
	return failed(err, "remove the metadata of cluster %s", clusterID)
}

// Disown takes a half-way publish away from a writer that is known to be over, so that the next operation can publish.
// Documented keys stay marked as in flux until it does. It does nothing when the mark is not that writer's.
func (s *Store) Disown(ctx context.Context, clusterID, writer string) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	key := s.clusterRoot(clusterID) + pack.FluxKey
	kv, _, err := s.client.KV().Get(key, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return failed(err, "read the writer's mark of cluster %s", clusterID)
	}
	var mark flux
	if kv == nil || json.Unmarshal(kv.Value, &mark) != nil || mark.Writer != writer {
		return nil
	}
	mark.Writer = ""
	if kv.Value, err = json.Marshal(mark); err != nil {
		return fault.Wrap(err, fault.Internal, "writer's mark of cluster %s", clusterID)
	}
	ok, _, err := s.client.KV().CAS(kv, (&api.WriteOptions{}).WithContext(ctx))
	if err == nil && !ok {
		return fault.New(fault.Conflict, "metadata of cluster %s: %s still publishes", clusterID, writer).At(clusterID, "", "")
	}
	return failed(err, "take the writer's mark of cluster %s", clusterID)
}
