package cli

import (
	"context"
	"fmt"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// plannedValue is what a dry run prints with -o json: the result, and which files would change, where that is known.
type plannedValue struct {
	*api.OperationResult
	Files []api.FileStep `json:"files,omitempty"`
}

// addFiles adds to a plan which files would change on which nodes, and which reloads follow. The agents render them without applying
// anything. A plan without it is still a plan.
func (a *app) addFiles(ctx context.Context, server backend, r client.Request, out *output.Output) {
	result, planned := out.Value.(*api.OperationResult)
	if !planned || result.Plan == nil {
		return
	}
	in := api.PreviewFilesInput{ClusterID: r.ClusterID}
	switch request := r.Input.(type) {
	case api.UpdateEnvInput:
		in.Env = &request
	case api.ScaleVerticalInput:
		in.Scale = &request
	case api.UpgradeClusterInput:
		in.Upgrade = &request
	default:
		return
	}
	direct, ok := server.(interface {
		PreviewFiles(context.Context, api.PreviewFilesInput) (*api.FilePreview, error)
	})
	if !ok {
		out.Blocks = append(out.Blocks, output.Lines{"Files: unknown; drover-console does not ask for them"})
		return
	}
	preview, err := direct.PreviewFiles(ctx, in)
	if err != nil {
		out.Blocks = append(out.Blocks, output.Lines{"Files: unknown; " + faultLine(err)})
		return
	}
	out.Value = plannedValue{result, preview.Steps}
	out.Blocks = append(out.Blocks, fileLines(preview.Steps))
}

// fileLines are the changes of files by step.
func fileLines(steps []api.FileStep) output.Lines {
	lines := output.Lines{"Files:"}
	for _, s := range steps {
		if len(s.Files)+len(s.Unknown) == 0 {
			lines = append(lines, fmt.Sprintf("  %s  no file changes", s.Step))
		}
		for _, f := range s.Files {
			text := fmt.Sprintf("  %s  %s on %s", s.Step, f.Dest, f.Nodes)
			switch {
			case f.Problem != "":
				text += ": cannot be rendered: " + output.CleanLine(f.Problem)
			case f.New:
				text += ", new"
			}
			if f.Reload != "" {
				text += ", then: " + output.CleanLine(f.Reload)
			}
			lines = append(lines, text)
		}
		if s.More > 0 {
			lines = append(lines, fmt.Sprintf("  %s  and %d more", s.Step, s.More))
		}
		for _, u := range s.Unknown {
			lines = append(lines, fmt.Sprintf("  %s  unknown on %s: %s", s.Step, u.Nodes, output.CleanLine(u.Why)))
		}
	}
	return lines
}
