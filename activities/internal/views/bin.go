package views

import (
	"context"
	"fmt"

	"drover/lifecycle"
	"drover/metadata"
)

// BinHint adds to the hint about a provider that is full how many machines deleted clusters keep there.
func BinHint(ctx context.Context, from Reader, provider, hint string) string {
	kept := 0
	err := Each(ctx, from, func(v metadata.View) error {
		if v.State == string(lifecycle.Deleted) && v.Provider == provider {
			kept += v.NodeCount
		}
		return nil
	})
	if err != nil || kept == 0 {
		return hint
	}
	out := fmt.Sprintf("%d machines of this provider are kept by deleted clusters: list them with drover bin, release them with drover cease", kept)
	if hint != "" {
		out += "; or " + hint
	}
	return out
}
