package fakes

import (
	"context"
	"maps"
	"slices"
	"sync"

	"drover/lifecycle"
)

// Access gives out tokens as metadata/store does, in memory.
type Access struct {
	mu      sync.Mutex
	granted map[string]lifecycle.Access
	// Off is why none are given out.
	Off string
}

// NewAccess gives out tokens and has given none.
func NewAccess() *Access { return &Access{granted: map[string]lifecycle.Access{}} }

// On says whether tokens are given out.
func (a *Access) On(ctx context.Context) (bool, string, error) {
	return a.Off == "", a.Off, check(ctx)
}

// Grant remembers what was granted.
func (a *Access) Grant(ctx context.Context, want lifecycle.Access) error {
	if err := check(ctx, append([]string{want.ClusterID, want.Secret}, want.Links...)...); err != nil || a.Off != "" {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.granted[want.ClusterID] = want
	return nil
}

// Revoke forgets what was granted with the secret of the mark.
func (a *Access) Revoke(ctx context.Context, g lifecycle.Grant) error {
	if err := check(ctx, g.ClusterID); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.granted[g.ClusterID].Mark() == g.Mark {
		delete(a.granted, g.ClusterID)
	}
	return nil
}

// Granted is what was granted to a cluster, or to all.
func (a *Access) Granted(ctx context.Context, clusterID string) ([]lifecycle.Grant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []lifecycle.Grant
	for _, id := range slices.Sorted(maps.Keys(a.granted)) {
		if clusterID == "" || id == clusterID {
			mark := a.granted[id].Mark()
			out = append(out, lifecycle.Grant{ClusterID: id, Mark: mark, Kind: lifecycle.GrantToken, ID: "token-" + id},
				lifecycle.Grant{ClusterID: id, Mark: mark, Kind: lifecycle.GrantPolicy, ID: "policy-" + id})
		}
	}
	return out, check(ctx)
}

// Of is what a cluster was granted.
func (a *Access) Of(clusterID string) (lifecycle.Access, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.granted[clusterID]
	return got, ok
}

// Look compares.
func (a *Access) Look(ctx context.Context, want lifecycle.Access) (lifecycle.AccessSight, error) {
	if a.Off != "" {
		return lifecycle.AccessSight{}, nil
	}
	is := lifecycle.Absent
	switch got, ok := a.Of(want.ClusterID); {
	case ok && got.Secret == want.Secret && slices.Equal(got.Links, want.Links):
		is = lifecycle.Right
	case ok:
		is = lifecycle.Wrong
	}
	sight := lifecycle.AccessSight{On: true}
	sight.Policy = lifecycle.GrantSight{ID: "policy-" + want.ClusterID, Standing: is}
	sight.Token = lifecycle.GrantSight{ID: "token-" + want.ClusterID, Standing: is}
	return sight, check(ctx)
}
