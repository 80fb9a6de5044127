package records

import (
	"context"
	"fmt"
	"time"

	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// nameFor is the name of a new cluster. One that was asked for must be free; the package's own gives way to other clusters.
func (a *Activities) nameFor(ctx context.Context, in PrepareCreateInput, rendered string) (string, error) {
	name := in.Create.Name
	if name == "" {
		if !in.Create.NamesCluster() {
			if api.NameProblem(rendered) != "" {
				rendered = in.Create.App
			}
			return a.freeName(ctx, rendered, in.ClusterID)
		}
		name = rendered
	}
	if why := api.NameProblem(name); why != "" {
		return "", fault.New(fault.Invalid, "name %q of the cluster %s", name, why).At(in.ClusterID, "", "")
	}
	return name, a.free(ctx, name, in.ClusterID)
}

// freeName is the wanted name, or one that differs from those of other clusters.
func (a *Activities) freeName(ctx context.Context, wanted, clusterID string) (string, error) {
	holder, err := a.Records.Holder(ctx, wanted)
	if err != nil {
		return "", err
	}
	return lifecycle.FreeName(wanted, clusterID, api.MaxName, holder != "" && holder != clusterID), nil
}

// free refuses a name that another cluster has.
func (a *Activities) free(ctx context.Context, name, clusterID string) error {
	holder, err := a.Records.Holder(ctx, name)
	if err != nil || holder == "" || holder == clusterID {
		return err
	}
	return fault.New(fault.Conflict, "the name %q is taken by cluster %s", name, holder).At(clusterID, "", "").
		WithHint("choose another name, or rename that cluster: drover rename %s NAME", holder)
}

// EditCluster changes the name, the labels, the protection and the time in the recycle bin of a cluster. It is not an operation, and
// may run during one.
func (a *Activities) EditCluster(ctx context.Context, in api.EditClusterInput) (api.ClusterDetails, error) {
	for range control.MaxTries {
		rec, index, err := a.Records.Record(ctx, in.ClusterID)
		if err != nil {
			return api.ClusterDetails{}, err
		}
		had := rec.Claims()
		if err := a.edit(ctx, rec, in); err != nil {
			return api.ClusterDetails{}, err
		}
		if err := a.Attempt.StillCurrent(ctx, fanout.None()); err != nil {
			return api.ClusterDetails{}, err
		}
		if _, err = control.Put(ctx, a.Records, rec, index, had); err == nil {
			return api.ClusterDetails{
				ClusterID: rec.ClusterID, Name: rec.Name, Labels: rec.Labels, Protected: rec.Protected, Keep: rec.Keep,
				Maintenance: rec.Maintenance, Heal: rec.Heal,
			}, a.remark(ctx, rec, in)
		}
		if !fault.Is(err, fault.Conflict) {
			return api.ClusterDetails{}, err
		}
		// Another writer was faster; or the name was taken a moment ago, which the next round finds.
	}
	return api.ClusterDetails{}, fault.New(fault.Unreachable, "the control record of %s changed during each of %d writes", in.ClusterID, control.MaxTries)
}

// remark publishes to agents that a maintenance begins or ends. During an operation its end does that.
func (a *Activities) remark(ctx context.Context, rec *lifecycle.Record, in api.EditClusterInput) error {
	if in.Maintenance == nil || rec.Operation.State == api.OpRunning {
		return nil
	}
	err := a.mark(ctx, rec.ClusterID, rec.Operation.RunID, rec.Mark())
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil // an operation has begun
	}
	return err
}

func (a *Activities) edit(ctx context.Context, rec *lifecycle.Record, in api.EditClusterInput) error {
	if in.Name != "" && in.Name != rec.Name {
		if err := a.free(ctx, in.Name, rec.ClusterID); err != nil {
			return err
		}
		rec.Name = in.Name
	}
	labels, err := in.Edited(rec.Labels)
	if err != nil {
		return fault.New(fault.Invalid, "%v", err).At(rec.ClusterID, "", "")
	}
	rec.Labels = labels
	if in.Keep != nil {
		rec.Keep = *in.Keep
	}
	if in.Heal != "" {
		rec.Heal = in.Heal
	}
	if in.Maintenance != nil {
		switch {
		case !*in.Maintenance:
			rec.Maintenance = ""
		case rec.Maintenance == "":
			rec.Maintenance = a.Now().UTC().Format(time.RFC3339)
		}
	}
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
