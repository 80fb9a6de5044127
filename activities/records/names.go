package records

import (
	"context"
	"fmt"

	"drover/activities/internal/control"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// nameFor is the name of a new cluster. One that was asked for must be free; the package's own gives way to other clusters.
func nameFor(in PrepareCreateInput, rendered string, all []*lifecycle.Record) (string, error) {
	taken := func(name string) bool { return lifecycle.Namesake(all, name, in.ClusterID) != nil }
	name := in.Create.Name
	if name == "" {
		if !in.Create.NamesCluster() {
			if api.NameProblem(rendered) != "" {
				rendered = in.Create.App
			}
			return lifecycle.FreeName(rendered, in.ClusterID, api.MaxName, taken), nil
		}
		name = rendered
	}
	if why := api.NameProblem(name); why != "" {
		return "", fault.New(fault.Invalid, "name %q of the cluster %s", name, why).At(in.ClusterID, "", "")
	}
	return name, free(all, name, in.ClusterID)
}

// free refuses a name that another record has: one from before names were claimed, or from a store that was restored, has no
// claim to it.
func free(all []*lifecycle.Record, name, clusterID string) error {
	other := lifecycle.Namesake(all, name, clusterID)
	if other == nil {
		return nil
	}
	return fault.New(fault.Conflict, "the name %q is taken by cluster %s", name, other.ClusterID).At(clusterID, "", "").
		WithHint("choose another name, or rename that cluster: drover rename %s NAME", other.ClusterID)
}

// EditCluster changes the name, the labels and the protection of a cluster. It is not an operation, and may run during one.
func (a *Activities) EditCluster(ctx context.Context, in api.EditClusterInput) (api.ClusterDetails, error) {
	for range control.MaxTries {
		rec, index, err := a.Records.Record(ctx, in.ClusterID)
		if err != nil {
			return api.ClusterDetails{}, err
		}
		was := rec.Name
		if err := a.edit(ctx, rec, in); err != nil {
			return api.ClusterDetails{}, err
		}
		if was == rec.Name {
			_, err = a.Records.PutRecord(ctx, rec, index)
		} else {
			_, err = a.Records.PutNamed(ctx, rec, index, was)
		}
		if err == nil {
			return api.ClusterDetails{ClusterID: rec.ClusterID, Name: rec.Name, Labels: rec.Labels, Protected: rec.Protected}, nil
		}
		if !fault.Is(err, fault.Conflict) {
			return api.ClusterDetails{}, err
		}
		// Another writer was faster; or the name was taken a moment ago, which the next round finds in the records.
	}
	return api.ClusterDetails{}, fault.New(fault.Unreachable, "the control record of %s changed during each of %d writes", in.ClusterID, control.MaxTries)
}

func (a *Activities) edit(ctx context.Context, rec *lifecycle.Record, in api.EditClusterInput) error {
	if in.Name != "" && in.Name != rec.Name {
		all, err := a.Records.Records(ctx)
		if err == nil {
			err = free(all, in.Name, rec.ClusterID)
		}
		if err != nil {
			return err
		}
		rec.Name = in.Name
	}
	labels, err := in.Edited(rec.Labels)
	if err != nil {
		return fault.New(fault.Invalid, "%v", err).At(rec.ClusterID, "", "")
	}
	rec.Labels = labels
	if in.Protected == nil {
		return nil
	}
	if *in.Protected && (rec.State == lifecycle.Deleting || rec.Operation.Type == api.DeleteCluster && rec.Operation.State == api.OpRunning) {
		return fault.New(fault.NotAllowed, "cluster %s is being deleted and cannot be protected", rec.ClusterID).At(rec.ClusterID, "", "").
			WithHint("stop the deletion first, if it still can be: %s", fmt.Sprintf("drover cancel %s", rec.ClusterID))
	}
	rec.Protected = *in.Protected
	return nil
}
