package client

import (
	"context"

	"github.com/google/uuid"

	"drover/workflows/api"
)

// Edit changes name, labels and protection of a cluster, also while an operation runs on it. The workflow's id names the
// cluster, so that the change can be found in Temporal.
func (c *Client) Edit(ctx context.Context, in api.EditClusterInput, summary string) (*api.ClusterDetails, error) {
	var out api.ClusterDetails
	if err := c.call(ctx, "edit/"+in.ClusterID+"/"+uuid.NewString(), api.EditCluster, summary, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
