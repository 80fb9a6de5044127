package client

import (
	"context"
	"slices"
	"strings"
	"time"

	"drover/fault"
	"drover/workflows/api"
)

// preflightTimeout bounds the reads of Preflight: the operation itself checks everything again.
const preflightTimeout = 5 * time.Second

// Preflight refuses a request that the cluster's record or the published applications show to be wrong, so that no workflow is
// started for it. It contacts no node. What cannot be read in time is left to the operation.
func (c *Client) Preflight(ctx context.Context, r Request) error {
	quick := *c
	quick.ReadTimeout = min(c.readTimeout(), preflightTimeout)
	var f *fault.Fault
	switch in := r.Input.(type) {
	case api.CreateClusterInput:
		if f = quick.published(ctx, in.App, in.Version); f == nil {
			f = quick.named(ctx, in.Name)
		}
	case api.RestoreClusterInput:
		if f = quick.usable(ctx, in.Backup); f == nil {
			f = quick.named(ctx, in.Name)
		}
	case api.VerifyBackupInput:
		f = quick.usable(ctx, in.Backup)
	default:
		f = quick.granted(ctx, r)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f == nil {
		return nil
	}
	if err := c.free(ctx, r.ClusterID); fault.Is(err, fault.Conflict) {
		return err // what was read is about to change, or is being written only now
	}
	f.Refused = true
	return f.At(r.ClusterID, f.Node, f.Service)
}

// usable refuses a backup that does not exist or is not whole.
func (c *Client) usable(ctx context.Context, id string) *fault.Fault {
	b, err := c.Backup(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "backup %s does not exist", id).WithHint("list the backups with: drover backup list")
	}
	if err == nil && b.State != "whole" {
		return fault.New(fault.NotAllowed, "backup %s is %s and cannot be used", id, b.State).WithHint("choose a whole one: drover backup list")
	}
	return nil
}

// published refuses an application or a version that does not exist, or is yanked.
func (c *Client) published(ctx context.Context, app, version string) *fault.Fault {
	list, err := c.Apps(ctx)
	if err != nil {
		return nil
	}
	var versions []string
	yanked := ""
	for _, a := range list.Apps {
		if a.App != app {
			continue
		}
		versions = append(versions, a.Version)
		if a.Version == version {
			yanked = a.Yanked
		}
	}
	switch {
	case len(versions) == 0:
		return fault.New(fault.NotFound, "no application %q is published", app).WithHint("list the published versions with: drover apps list")
	case version != "" && !slices.Contains(versions, version):
		return fault.New(fault.NotFound, "application %q has no version %q", app, version).
			WithHint("published versions: %s", strings.Join(versions, ", "))
	case yanked != "":
		return fault.New(fault.NotAllowed, "version %s of %s is yanked since %s: no cluster gets it", version, app, yanked).
			WithHint("choose another version (drover apps list), or offer it again: drover apps yank %s --version %s --undo", app, version)
	}
	return nil
}

// named refuses a name that another cluster has.
func (c *Client) named(ctx context.Context, name string) *fault.Fault {
	if name == "" {
		return nil
	}
	list, err := c.Clusters(ctx, api.ListClustersInput{Name: name})
	if err != nil {
		return nil
	}
	id := holder(list.Clusters, name)
	if id == "" {
		return nil
	}
	return fault.New(fault.Conflict, "the name %q is taken by cluster %s", name, id).
		WithHint("choose another name, or rename that cluster: drover rename %s NAME", id)
}

// granted refuses what the cluster is not: it does not exist, its state does not allow the operation, or it has no such node.
func (c *Client) granted(ctx context.Context, r Request) *fault.Fault {
	found, err := c.Cluster(ctx, r.ClusterID)
	if err != nil {
		if f := fault.As(err); f != nil && f.Type == fault.NotFound {
			out := *f
			return &out
		}
		return nil
	}
	if refusal, refused := found.Refuses[r.Operation]; refused {
		return fault.New(fault.NotAllowed, "%s", refusal.Why).WithHint("%s", refusal.Hint)
	}
	var nodes []string
	switch in := r.Input.(type) {
	case api.DeleteNodesInput:
		nodes = in.Nodes
		if in.Force && found.Protected {
			return fault.New(fault.NotAllowed, "cluster %s (%s) is protected and does not allow force", found.ClusterID, found.Name).
				WithHint("if this is intended, remove the protection first: drover unprotect %s", found.ClusterID)
		}
	case api.RunServiceInput:
		nodes = in.Nodes
	case api.RepairClusterInput:
		nodes = in.Nodes
	case api.UpgradeClusterInput:
		return c.published(ctx, found.App, in.Version)
	}
	var unknown []string
	for _, id := range nodes {
		if !slices.ContainsFunc(found.Nodes, func(n api.NodeView) bool { return n.NodeID == id }) {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "not nodes of cluster %s: %s", r.ClusterID, strings.Join(unknown, ", ")).
		WithHint("list the nodes with: drover nodes %s", r.ClusterID)
}
