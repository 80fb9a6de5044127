package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"drover/fault"
	"drover/lifecycle"
	"drover/specs"
	"drover/workflows/api"
)

// beginUpgrade renders the new version with the cluster's values, checks that it may follow the running one, and keeps
// the way back.
func (a *Records) beginUpgrade(ctx context.Context, rec *lifecycle.Record, in BeginInput, retried bool, out *Begun) error {
	if !retried {
		pkg, err := openApp(ctx, a.Apps, rec.AppID, in.Upgrade.Version)
		if err != nil {
			return err
		}
		next, err := renderAs(pkg, rec, rec.Values)
		if err != nil {
			return refusal(err, fmt.Sprintf("version %s cannot be rendered with the cluster's values", in.Upgrade.Version))
		}
		if err := refused(rec, lifecycle.MayUpgrade(rec.VersionID, rec.Spec, in.Upgrade.Version, next)); err != nil {
			return err
		}
		rec.Previous = &lifecycle.Previous{VersionID: rec.VersionID, Spec: rec.Spec}
		rec.Spec, rec.VersionID = next, in.Upgrade.Version
		a.chooseInstances(rec, func(lifecycle.Node) bool { return true })
	}
	out.Before = viewOfPrevious(rec, in.DryRun)
	return nil
}

// beginDowngrade chooses machines for the nodes that boot another version's image than the one before the upgrade. View
// becomes the version to reach, Before the one that runs.
func (a *Records) beginDowngrade(rec *lifecycle.Record, in BeginInput, retried bool, out *Begun) error {
	if rec.Previous == nil {
		return fault.New(fault.NotAllowed, "cluster %s has no version before to go back to", rec.ClusterID).At(rec.ClusterID, "", "")
	}
	if !retried {
		for i := range rec.Nodes {
			// An id the upgrade chose may have been used by a try that died; nodes it never came to are left as they are
			// when their turn comes (Replace asks the provider).
			rec.Nodes[i].NextInstanceID = ""
		}
		a.chooseInstances(rec, func(lifecycle.Node) bool { return true })
	}
	out.Before = viewOfPrevious(rec, in.DryRun)
	return nil
}

// viewOfPrevious is the cluster as the version before the upgrade describes it.
func viewOfPrevious(rec *lifecycle.Record, withCommands bool) *lifecycle.View {
	before := *rec
	before.Spec, before.VersionID = rec.Previous.Spec, rec.Previous.VersionID
	view := lifecycle.ViewOf(&before, withCommands)
	return &view
}

// renderAs renders a package for a cluster that exists: what operations have changed since (sizes, counts) stays.
func renderAs(pkg *specs.Package, rec *lifecycle.Record, values map[string]any) (*specs.Cluster, error) {
	spec, _, err := pkg.Render(withName(values, rec.Name))
	if err != nil {
		return nil, err
	}
	for i := range spec.Roles {
		r := &spec.Roles[i]
		was, ok := rec.Spec.Role(r.Name)
		if !ok {
			continue
		}
		r.Count, r.Replica, r.CPU, r.Memory = was.Count, was.Replica, was.CPU, was.Memory
		if r.Volume != nil && was.Volume != nil {
			r.Volume.Size = was.Volume.Size
		}
	}
	spec.Links = rec.Spec.Links
	return spec, nil
}

// withEnv is the record's specification with changed env values; only those change.
func (a *Records) withEnv(ctx context.Context, rec *lifecycle.Record, changes map[string]any) (*specs.Cluster, error) {
	pkg, err := openApp(ctx, a.Apps, rec.AppID, rec.VersionID)
	if err != nil {
		return nil, err
	}
	typed, problems := pkg.CheckChange(changes)
	if problems != nil {
		return nil, refusal(problems, "these parameters cannot be changed so")
	}
	spec, err := renderAs(pkg, rec, merged(rec.Values, typed))
	if err != nil {
		return nil, refusal(err, "the changed parameters cannot be rendered")
	}
	return spec, nil
}

func merged(values, changes map[string]any) map[string]any {
	out := make(map[string]any, len(values)+len(changes))
	for k, v := range values {
		out[k] = v
	}
	for k, v := range changes {
		out[k] = v
	}
	return out
}

// withName keeps the name the cluster was created with.
func withName(values map[string]any, name string) map[string]any {
	if name == "" {
		return values
	}
	return merged(values, map[string]any{"cluster.name": name})
}

// EnvInput publishes changed env values as a revision.
type EnvInput struct {
	ClusterID string         `json:"cluster_id"`
	Seq       int            `json:"seq"`
	Revision  int64          `json:"revision"`
	Values    map[string]any `json:"values"`
}

// PublishEnv takes the changed values over into the control record and publishes them.
func (a *Records) PublishEnv(ctx context.Context, in EnvInput) error {
	rec, err := a.update(ctx, in.ClusterID, func(rec *lifecycle.Record) error {
		spec, err := a.withEnv(ctx, rec, in.Values)
		if err != nil {
			return err
		}
		rec.Values, rec.Spec = merged(rec.Values, in.Values), spec
		return nil
	})
	if err != nil {
		return err
	}
	return a.publish(ctx, rec, in.Seq, in.Revision)
}

// runnable are the standard services an operator may run by hand beside a package's custom ones.
var runnable = []string{"backup", "restore"}

// beginService checks that the service may be run by hand where it is asked for, and makes its JSON argument.
func (a *Records) beginService(ctx context.Context, rec *lifecycle.Record, view lifecycle.View, in api.RunServiceInput) (string, error) {
	var service *specs.Service
	var known []string
	for _, r := range rec.Spec.Roles {
		for name, s := range r.Services {
			if !s.Custom && !slices.Contains(runnable, name) {
				continue
			}
			known = append(known, name)
			if name == in.Service && (in.Role == nil || *in.Role == r.Name) {
				service = &s
			}
		}
	}
	slices.Sort(known)
	if service == nil {
		return "", fault.New(fault.NotAllowed, "service %q cannot be run by hand there", in.Service).
			WithHint("services of this cluster that can: %v", slices.Compact(known)).At(rec.ClusterID, "", in.Service)
	}
	for _, id := range in.Nodes {
		if !slices.Contains(view.NodeIDs(), id) {
			return "", fault.New(fault.NotAllowed, "%s is not a node of this cluster", id).WithHint("drover nodes lists them").At(rec.ClusterID, "", in.Service)
		}
	}
	pkg, err := openApp(ctx, a.Apps, rec.AppID, rec.VersionID)
	if err != nil {
		return "", err
	}
	params, problems := pkg.ServiceParams(*service, in.Params)
	if problems != nil {
		return "", refusal(problems, fmt.Sprintf("the parameters of %s are not valid", in.Service))
	}
	if len(params) == 0 {
		return "", nil
	}
	data, err := json.Marshal(params)
	return string(data), err
}
