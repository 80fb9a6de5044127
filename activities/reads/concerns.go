package reads

import (
	"context"

	"drover/activities/internal/bounds"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// maxConcerns keeps a list within what a workflow may return.
const maxConcerns = 500

// ListConcerns lists what needs attention, of one cluster or of all. It contacts no node. Resources and backups of clusters
// that are gone are among it.
func (a *Activities) ListConcerns(ctx context.Context, in api.ListConcernsInput) (api.ConcernList, error) {
	all, err := a.Concerns(ctx)
	if err != nil {
		return api.ConcernList{}, err
	}
	list := api.ConcernList{Concerns: []api.Concern{}}
	for _, c := range all {
		if in.ClusterID != "" && c.ClusterID != in.ClusterID {
			continue
		}
		if list.Total++; list.Total <= maxConcerns {
			c.What = bounds.Head(c.What, bounds.WarningLimit)
			list.Concerns = append(list.Concerns, api.Concern(c))
		}
	}
	if in.ClusterID == "" || list.Total > 0 {
		return list, nil
	}
	if _, _, err := a.Records.Record(ctx, in.ClusterID); fault.Is(err, fault.NotFound) {
		return list, err
	}
	return list, nil
}

// Concerns are those of all clusters.
func (a *Activities) Concerns(ctx context.Context) ([]lifecycle.Concern, error) {
	lives, err := a.Lives.Lives(ctx)
	if err != nil {
		return nil, err
	}
	orphans, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return nil, err
	}
	var backups []lifecycle.Backup
	if a.Backups != nil {
		if backups, err = a.Backups.Backups(ctx); err != nil {
			return nil, err
		}
	}
	var out []lifecycle.Concern
	known := map[string]bool{}
	if err := a.Records.EachRecord(ctx, func(rec *lifecycle.Record) error {
		known[rec.ClusterID] = true
		out = append(out, lifecycle.Concerns(watched(rec, lives[rec.ClusterID]), orphans, backups, a.Now())...)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, o := range orphans {
		if !known[o.ClusterID] {
			known[o.ClusterID] = true
			out = append(out, lifecycle.Concerns(lifecycle.Watched{ClusterID: o.ClusterID}, orphans, nil, a.Now())...)
		}
	}
	return out, nil
}

// watched is what a record and its live part say.
func watched(rec *lifecycle.Record, live metadata.Live) lifecycle.Watched {
	v := clusterView(rec, live, nil)
	w := lifecycle.Watched{
		ClusterID: rec.ClusterID, State: rec.State, Reason: rec.Reason, Step: v.Operation.Step, StepSince: v.Operation.Since,
		Brake: live.Brake, BrakeSince: live.BrakeSince,
		Operation: lifecycle.Operation{Type: rec.Operation.Type, State: v.Operation.State, StartedAt: rec.Operation.StartedAt},
	}
	known := make(map[string]metadata.LiveNode, len(live.Nodes))
	for _, n := range live.Nodes {
		known[n.NodeID] = n
	}
	for _, n := range rec.Nodes {
		now := known[n.ID]
		w.Nodes = append(w.Nodes, lifecycle.WatchedNode{
			ID: n.ID, Label: api.NodeView{Role: n.Role, SID: n.SID}.Label(), Health: now.Health, Reason: now.Reason, Since: now.Since,
			Failing: now.Failing, FailingSince: now.FailingSince, Helpless: now.Helpless,
		})
	}
	return w
}
