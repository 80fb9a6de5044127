package agents

import (
	"context"
	"encoding/json"

	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
)

// withParamSecrets adds the password-typed parameters of a run to what is removed from outputs. The record is a copy.
func (a *Activities) withParamSecrets(ctx context.Context, rec *lifecycle.Record, in StageInput) error {
	if len(in.Params) == 0 {
		return nil
	}
	pkg, err := packages.Open(ctx, a.Apps, rec.AppID, rec.VersionID)
	if err != nil {
		return err
	}
	for _, r := range rec.Spec.Roles {
		if in.Params[r.Name] == "" {
			continue
		}
		var params map[string]any
		if err := json.Unmarshal([]byte(in.Params[r.Name]), &params); err != nil {
			return fault.Wrap(err, fault.Invalid, "the parameters of %s", in.Service)
		}
		for name, path := range r.Services[in.Service].ParamItems {
			item, ok := pkg.Config.Item(path)
			if !ok {
				continue
			}
			if text := item.SecretText(params[name]); text != "" {
				rec.Spec.Secrets = append(rec.Spec.Secrets, text)
			}
		}
	}
	return nil
}
