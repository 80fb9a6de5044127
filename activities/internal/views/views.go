// Package views reads what may be shown of all clusters, for activities that look beyond their own cluster.
package views

import (
	"context"

	"drover/metadata"
)

// Reader reads views.
type Reader interface {
	// RecordIDs are the sorted ids of all clusters.
	RecordIDs(ctx context.Context) ([]string, error)
	// EachView reads what may be shown of some clusters, in this order, a few at a time.
	EachView(ctx context.Context, ids []string, f func(metadata.View) error) error
}

// Each calls f for the views of all clusters.
func Each(ctx context.Context, from Reader, f func(metadata.View) error) error {
	ids, err := from.RecordIDs(ctx)
	if err != nil {
		return err
	}
	return from.EachView(ctx, ids, f)
}
