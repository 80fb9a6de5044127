package screen

import (
	"fmt"
	"strings"

	agentapi "drover/agent/api"

	"drover/starter/output"
	"drover/workflows/api"
)

// Held describes a held step and the choices of the operator, in lines of any length.
func Held(h *api.Held) []string {
	why := "waits for a decision"
	if h.Unknown {
		why = "waits for a decision: it is not known how a command ended, or whether it still runs; inspect the node first"
	}
	lines := []string{fmt.Sprintf("%s %s %s", h.Step, output.CleanLine(h.Words), why)}
	for line := range strings.SplitSeq(strings.TrimRight(h.Error, "\n"), "\n") {
		lines = append(lines, "    | "+output.CleanLine(line))
	}
	for _, n := range h.Nodes {
		lines = append(lines, "  "+output.CleanLine(n.Node)+": "+outcome(n.Outcome))
	}
	if more := h.Failed - len(h.Nodes); more > 0 {
		lines = append(lines, fmt.Sprintf("  and %s more", nodeCount(more)))
	}
	for _, c := range h.Choices {
		if c.Refused != "" {
			lines = append(lines, "  "+c.Action+" is not possible: "+output.CleanLine(c.Refused))
			continue
		}
		lines = append(lines, "  "+c.Command, "      to "+output.CleanLine(c.Does))
	}
	return lines
}

// outcome words what is known of a node's command.
func outcome(o agentapi.Outcome) string {
	switch o {
	case agentapi.OutcomeUnknown:
		return "it began and its result is unknown"
	case agentapi.OutcomeOpen:
		return "no response; it may not have begun or may still be running"
	}
	return "failed"
}
