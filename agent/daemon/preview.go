package daemon

import (
	"context"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/fault"
)

// Preview renders every file with a change of the cluster's newest keys and compares it with what is on the node. It uses an engine
// of its own, which knows nothing of the passes and does not disturb them.
func (d *Daemon) Preview(ctx context.Context, r api.PreviewRequest) (api.PreviewResult, error) {
	s, err := d.source.Read(ctx)
	if err != nil {
		return api.PreviewResult{}, err
	}
	if s.With == nil {
		return api.PreviewResult{}, fault.New(fault.NotAllowed, "this source of metadata cannot be changed")
	}
	engine := confd.New(confd.Options{ConfDir: d.confDir, NoCommands: true, Logger: d.log})
	files, warnings, err := engine.Changes(ctx, s.With(r.Set, r.Delete))
	if err != nil {
		return api.PreviewResult{}, err
	}
	out := api.PreviewResult{Files: files, Warnings: warnings}
	if len(files) > api.PreviewLimit {
		out.Files, out.More = files[:api.PreviewLimit], len(files)-api.PreviewLimit
	}
	if len(warnings) > api.PreviewLimit {
		out.Warnings = warnings[:api.PreviewLimit]
	}
	return out, nil
}
