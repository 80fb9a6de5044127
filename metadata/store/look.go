package store

import (
	"context"
	"strings"

	"drover/metadata"
	"drover/metadata/pack"
)

// Look reads the documented keys and the marks of a cluster as found.
func (s *Store) Look(ctx context.Context, clusterID string) (metadata.Look, error) {
	out := metadata.Look{Root: s.clusterRoot(clusterID), Keys: metadata.Tree{}}
	if err := checkName("cluster id", clusterID); err != nil {
		return out, err
	}
	pairs, err := s.list(ctx, out.Root, "read the metadata of cluster "+clusterID)
	if err != nil {
		return out, err
	}
	for _, kv := range pairs {
		key := strings.TrimPrefix(kv.Key, out.Root)
		switch {
		case key == pack.RevisionKey:
			out.Revision = parseRevision(kv)
		case key == pack.OperationKey:
			out.Operation = string(kv.Value)
		case key == pack.FluxKey:
			out.HalfWay = true
		case strings.HasPrefix(key, "self/") || strings.HasPrefix(key, "roles/"):
			out.Keys[key] = string(kv.Value)
		}
	}
	return out, nil
}
