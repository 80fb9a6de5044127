package cli

import (
	"fmt"
	"strings"

	"drover/starter/output"
	"drover/workflows/api"
)

// planLines is a plan as a numbered list: what would be done, where, with which command.
func planLines(r *api.OperationResult) output.Lines {
	lines := output.Lines{fmt.Sprintf("%s %s would do, in this order:", r.Operation, r.ClusterID), ""}
	idWidth := 0
	for _, step := range r.Plan.Steps {
		idWidth = max(idWidth, len(step.ID))
	}
	number := 0
	for _, step := range r.Plan.Steps {
		if step.Skipped != "" {
			lines = append(lines, fmt.Sprintf("  -  %-*s  %s: skipped, %s", idWidth, step.ID, step.Words, step.Skipped))
			continue
		}
		number++
		lines = append(lines, fmt.Sprintf("%3d. %-*s  %s", number, idWidth, step.ID, step.Words))
		for _, c := range step.Commands {
			lines = append(lines, command(c)...)
		}
	}
	lines = append(lines, "", "Nothing was touched.")
	return append(lines, warningLines(r.Warnings)...)
}

func command(c api.PlanCommand) []string {
	const margin = "       "
	where := c.Role
	if where == "" {
		where = "node"
	}
	lines := []string{fmt.Sprintf("%s%s on %s %s, at most %d s", margin, c.Service, where, c.SIDs, c.Timeout)}
	for i, text := range strings.Split(strings.TrimRight(c.Cmd, "\n"), "\n") {
		switch {
		case c.Cmd == "":
			return lines
		case i == 0:
			lines = append(lines, margin+"  $ "+text)
		default:
			lines = append(lines, margin+"    "+text)
		}
	}
	return lines
}
