package reader

import (
	"context"

	"drover/metadata/pack"
)

// Operation returns the name of the operation that runs on the cluster, or the state of a cluster that is not active; ""
// means neither.
func (r *Reader) Operation(ctx context.Context, clusterID string) (string, error) {
	a, err := r.get(ctx, query{key: r.key(clusterID, pack.OperationKey)})
	return string(a.body), err
}
