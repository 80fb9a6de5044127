package main

import (
	"context"
	"fmt"
)

// stored is what etcd acknowledged to have stored: keys with their values. Nothing of it is ever overwritten.
type stored map[string]string

// Everything the demo stores has a key that begins with a slash; '0' is the sign behind it.
const allFrom, allTo = "/", "0"

// check reads everything by way of each member and compares.
func (s stored) check(ctx context.Context, endpoints []string) error {
	for _, endpoint := range endpoints {
		pairs, err := get(ctx, endpoint, allFrom, allTo)
		if err != nil {
			return err
		}
		for key, want := range s {
			if got, there := pairs[key]; !there || got != want {
				return fmt.Errorf("data was lost: etcd acknowledged %s with %q, and now %s answers %q", key, want, endpoint, got)
			}
		}
	}
	return nil
}
