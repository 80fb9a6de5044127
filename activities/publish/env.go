package publish

import (
	"context"

	"drover/activities/internal/control"
	"drover/activities/internal/packages"
	"drover/lifecycle"
	"drover/workflows/api"
)

// EnvInput publishes changed env values as a revision.
type EnvInput struct {
	ClusterID string     `json:"cluster_id"`
	RunID     string     `json:"run_id"`
	Revision  int64      `json:"revision"`
	Values    api.Values `json:"values"`
}

// PublishEnv takes the changed values over into the control record and publishes them.
func (a *Activities) PublishEnv(ctx context.Context, in EnvInput) error {
	rec, err := control.UpdateOwn(ctx, a.Records, a.Attempt, in.ClusterID, in.RunID, func(rec *lifecycle.Record) error {
		values, spec, err := packages.WithEnv(ctx, a.Apps, rec, in.Values)
		if err != nil {
			return err
		}
		rec.Values, rec.Spec = values, spec
		return control.Publishable(a.Records, rec)
	})
	if err != nil {
		return err
	}
	return a.publish(ctx, rec, in.RunID, in.Revision, false)
}
