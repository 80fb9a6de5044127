package reader

import (
	"context"

	"drover/metadata/pack"
)

// Operation names the operation that runs on the cluster now, or the state of one that is not active; "" is neither.
func (r *Reader) Operation(ctx context.Context, clusterID string) (string, error) {
	a, err := r.get(ctx, query{key: r.key(clusterID, pack.OperationKey)})
	return string(a.body), err
}
