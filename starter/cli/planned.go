package cli

import (
	"fmt"
	"slices"
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
		lines = append(lines, points(step)...)
		line := fmt.Sprintf("%3d. %-*s  %s", number, idWidth, step.ID, step.Words)
		if step.Skippable {
			line += "  (skippable)"
		}
		lines = append(lines, line)
		for _, c := range step.Commands {
			lines = append(lines, command(c)...)
		}
	}
	lines = append(lines, "")
	if slices.ContainsFunc(r.Plan.Steps, func(s api.PlanStep) bool { return s.Skippable }) {
		lines = append(lines, "Skippable: drover resolve --skip can skip the step when it failed and is held.")
	}
	lines = append(lines, "Nothing was changed.")
	return append(lines, warningLines(r.Warnings)...)
}

// points are the lines between two steps that say what holds from there on.
func points(s api.PlanStep) []string {
	var lines []string
	if s.NoReturn != "" {
		lines = append(lines, "  ── point of no return, a cancel is refused from here on: "+s.NoReturn)
	}
	if s.Stays != "" {
		lines = append(lines, "  ── completed work is not undone from here on: "+s.Stays)
	}
	return lines
}

func command(c api.PlanCommand) []string {
	const margin = "       "
	where := c.Role
	if where == "" {
		where = "node"
	}
	what := c.Service
	if c.Kind != "" {
		what += " " + c.Kind
	}
	lines := []string{fmt.Sprintf("%s%s on %s %s, at most %d s", margin, what, where, c.SIDs, c.Timeout)}
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
