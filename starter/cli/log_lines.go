package cli

import (
	"fmt"
	"strings"
	"time"

	agentapi "drover/agent/api"
	"drover/starter/output"
	"drover/starter/screen"
	"drover/workflows/api"
)

// logLines are the commands below each other, each with a heading.
func logLines(logs *api.Logs) output.Lines {
	var out output.Lines
	for i, c := range logs.Commands {
		if i > 0 {
			out = append(out, "")
		}
		out = append(out, logHead(c)+", "+commandEnd(c))
		if c.From > 0 {
			out = append(out, fmt.Sprintf("(%d bytes before this are not shown)", c.From))
		}
		out = append(out, textLines(c.Output)...)
	}
	if len(logs.Commands) == 0 {
		out = append(out, noCommands(logs))
	}
	for _, s := range logs.Silent {
		out = append(out, silentLine(s))
	}
	return out
}

func silentLine(s api.SilentNode) string { return fmt.Sprintf("! %s %s: %s", s.Node, s.NodeID, s.Why) }

func noCommands(logs *api.Logs) string {
	if logs.Operation == 0 {
		return "No command of an operation is in the journals of the nodes."
	}
	return fmt.Sprintf("Operation %d ran no such command on these nodes, or the nodes no longer have it.", logs.Operation)
}

// logHead names a command: "== CC4 start, etcd_node/1 cln-a1b2c3d4".
func logHead(c api.CommandLog) string {
	service := c.Service
	if c.PreCheck {
		service += " pre_check"
	}
	if c.Again > 0 {
		service += fmt.Sprintf(" (run again, %d)", c.Again)
	}
	return fmt.Sprintf("== %s %s, %s %s", c.Step, service, c.Node, c.NodeID)
}

// commandEnd says how a command ended: "exit code 0 after 2s", "running for 3m 10s".
func commandEnd(c api.CommandLog) string {
	from, fromErr := time.Parse(time.RFC3339Nano, c.StartedAt)
	to, toErr := time.Parse(time.RFC3339Nano, c.EndedAt)
	took := ""
	if fromErr == nil && toErr == nil {
		took = " after " + screen.Elapsed(to.Sub(from))
	}
	switch {
	case c.State == agentapi.StateRunning:
		return "running since " + c.StartedAt
	case c.State == agentapi.StateUnknown:
		return "outcome unknown: " + c.Detail
	case c.TimedOut:
		return "timed out" + took
	case c.Canceled:
		return "cancelled" + took
	}
	return fmt.Sprintf("exit code %d%s", c.ExitCode, took)
}

// textLines are the lines of a text without the last line feed.
func textLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// lastLines is the end of a text, n lines long; 0 is all.
func lastLines(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if n <= 0 || len(lines) <= n {
		return text
	}
	return strings.Join(lines[len(lines)-n:], "")
}
