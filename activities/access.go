package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

// AccessStore gives the nodes of each cluster the right to read their own metadata and that of linked clusters, by a
// token. Where nobody asks for tokens it is off, and its calls do nothing.
type AccessStore interface {
	// On says whether tokens are given out, and if not, why.
	On(ctx context.Context) (on bool, why string, err error)
	Grant(ctx context.Context, want lifecycle.Access) error
	Revoke(ctx context.Context, clusterID string) error
	// Granted are the clusters something was granted to.
	Granted(ctx context.Context) ([]string, error)
	Look(ctx context.Context, want lifecycle.Access) (lifecycle.AccessSight, error)
}

// grant makes what a record's nodes may read true in Consul. The secret is chosen once and written down before the token
// is made: whoever tries again makes the same one. It reaches nodes in their agent's settings and nobody else.
func (d Dependencies) grant(ctx context.Context, rec *lifecycle.Record) (*lifecycle.Record, error) {
	if d.Access == nil {
		return rec, nil
	}
	on, _, err := d.Access.On(ctx)
	if err != nil || !on {
		return rec, err
	}
	if rec.ConsulToken == "" {
		if rec, err = d.update(ctx, rec.ClusterID, func(rec *lifecycle.Record) error {
			if rec.ConsulToken == "" {
				rec.ConsulToken = uuid.NewString()
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return rec, d.Access.Grant(ctx, lifecycle.AccessOf(rec))
}

// revoke ends what the nodes of a cluster could read.
func (d Dependencies) revoke(ctx context.Context, clusterID string) error {
	if d.Access == nil {
		return nil
	}
	return d.Access.Revoke(ctx, clusterID)
}

// hasToken says of nodes that their agents run with the cluster's token now.
func (a *Nodes) hasToken(ctx context.Context, rec *lifecycle.Record, results []result[agentapi.SyncResult]) error {
	if rec.ConsulToken == "" {
		return nil
	}
	var given []string
	for _, r := range results {
		if r.err == nil && !r.node.HasToken {
			given = append(given, r.node.ID)
		}
	}
	if len(given) == 0 {
		return nil
	}
	_, err := a.update(ctx, rec.ClusterID, func(rec *lifecycle.Record) error {
		for i := range rec.Nodes {
			rec.Nodes[i].HasToken = rec.Nodes[i].HasToken || slices.Contains(given, rec.Nodes[i].ID)
		}
		return nil
	})
	return err
}

// RestoreAccess grants again what was lost, and revokes what is left of clusters that are gone. Workers call it now and
// then; operations do not depend on it.
func (d Dependencies) RestoreAccess(ctx context.Context) error {
	if d.Access == nil {
		return nil
	}
	on, _, err := d.Access.On(ctx)
	if err != nil || !on {
		return err
	}
	granted, err := d.Access.Granted(ctx) // first: a record is older than what is granted to it
	if err != nil {
		return err
	}
	records, err := d.Records.Records(ctx)
	if err != nil {
		return err
	}
	var problems []error
	known := map[string]bool{}
	for _, rec := range records {
		known[rec.ClusterID] = true
		if rec.ConsulToken != "" {
			problems = append(problems, d.restore(ctx, rec))
		}
	}
	for _, id := range granted {
		if !known[id] {
			problems = append(problems, d.Access.Revoke(ctx, id))
		}
	}
	return errors.Join(problems...)
}

// restore grants again to a cluster that may be deleted at this moment.
func (d Dependencies) restore(ctx context.Context, rec *lifecycle.Record) error {
	if err := d.Access.Grant(ctx, lifecycle.AccessOf(rec)); err != nil {
		return err
	}
	_, _, err := d.Records.Record(ctx, rec.ClusterID)
	if fault.Is(err, fault.NotFound) {
		return d.Access.Revoke(ctx, rec.ClusterID)
	}
	return err
}
