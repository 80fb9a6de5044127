package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
	"drover/workflows/api"
)

// checkLinks makes sure that every linked cluster is there to stay: its nodes' addresses are what the new ones wait for.
func (a *Records) checkLinks(ctx context.Context, spec *specs.Cluster) error {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(spec.Links)) {
		id := spec.Links[name]
		if id == "" {
			continue
		}
		rec, err := a.recordOf(ctx, id)
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

// lostLinks are the names of links to clusters that are not there.
func (d Dependencies) lostLinks(ctx context.Context, spec *specs.Cluster) ([]string, error) {
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(spec.Links)) {
		if spec.Links[name] == "" {
			continue
		}
		rec, err := d.recordOf(ctx, spec.Links[name])
		if err != nil {
			return nil, err
		}
		if rec == nil {
			lost = append(lost, name)
		}
	}
	return lost, nil
}

// beginDelete asks whether the cluster may be deleted, and tells whose links force goes past.
func (a *Records) beginDelete(ctx context.Context, rec *lifecycle.Record, in api.DeleteClusterInput) ([]lifecycle.Linking, error) {
	all, err := a.Records.Records(ctx)
	if err != nil {
		return nil, err
	}
	linked := lifecycle.LinkedBy(rec.ClusterID, all)
	if err := refused(rec, lifecycle.MayDelete(lifecycle.ViewOf(rec, false), in.Force, linked)); err != nil || !in.Force {
		return nil, err
	}
	return linked, nil
}
