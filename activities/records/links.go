package records

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drover/activities/internal/control"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// checkLinks makes sure that every linked cluster is there to stay: its nodes' addresses are what the new ones wait for.
func (a *Activities) checkLinks(ctx context.Context, links map[string]string) error {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(links)) {
		id := links[name]
		if id == "" {
			continue
		}
		rec, err := control.Find(ctx, a.Records, id)
		if err != nil {
			return err
		}
		if problem := lifecycle.LinkProblem(id, rec); problem != "" {
			problems = append(problems, fmt.Sprintf("link %q: %s", name, problem))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "%s", strings.Join(problems, "; "))
	f.Problems = problems
	return f
}

// beginDelete checks that the cluster may be deleted, and returns the clusters whose links force overrides.
func (a *Activities) beginDelete(ctx context.Context, rec *lifecycle.Record, in api.DeleteClusterInput) ([]lifecycle.Linking, error) {
	linking, err := a.Records.Linking(ctx, rec.ClusterID)
	if err != nil {
		return nil, err
	}
	linked := lifecycle.LinkedBy(rec.ClusterID, linking)
	view := lifecycle.ViewOf(rec, false)
	if target := lifecycle.TargetViewOf(rec, false); target != nil {
		view = view.Mixed(*target, rec.Upgraded())
	}
	if err := refused(rec, lifecycle.MayDelete(view, in.Force, linked)); err != nil || !in.Force {
		return nil, err
	}
	return linked, nil
}
