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
	lines = append(lines, valueLines(r.Values)...)
	lines = append(lines, "Nothing was changed.")
	return append(lines, warningLines(r.Warnings)...)
}

// valueLines are what an operation does to the values of a cluster.
func valueLines(c *api.ValueChanges) output.Lines {
	if c == nil {
		return nil
	}
	var lines output.Lines
	add := func(what, text string) { lines = append(lines, fmt.Sprintf("  %-8s %s", what, text)) }
	for _, v := range c.New {
		add("new", v.Path+" = "+v.Value)
	}
	for _, v := range c.Set {
		value := v.Value
		if v.Was != "" {
			value = v.Was + " → " + v.Value
		}
		add("set", v.Path+" = "+value)
	}
	for _, path := range c.Dropped {
		add("dropped", path)
	}
	var same []string
	for _, v := range c.Kept {
		switch {
		case v.Note != "":
			add("kept", fmt.Sprintf("%s = %s, although the version does not allow it to new clusters: %s", v.Path, v.Value, v.Note))
		case v.Default != "":
			add("kept", fmt.Sprintf("%s = %s; new clusters get %s", v.Path, v.Value, v.Default))
		default:
			same = append(same, v.Path)
		}
	}
	if len(same) > 0 {
		add("kept", strings.Join(same, ", "))
	}
	if len(lines) > 0 {
		lines = append(output.Lines{"Values:"}, lines...)
	}
	return lines
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
