package output

import (
	"fmt"
	"strings"

	"drover/fault"
)

// Problem is what `-o json` writes to Stderr when a command fails.
type Problem struct {
	Error *fault.Fault `json:"error"`
	// ExitCode is the CLI's own.
	ExitCode int `json:"exit_code"`
}

// Error writes why a command failed: headline, place, the package's own output, all problems, and what to do next.
func (p *Printer) Error(headline string, f *fault.Fault, code int) {
	if p.Format == JSON {
		_ = encode(p.Stderr, Problem{Error: f, ExitCode: code}) // the error cannot be reported
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "drover: %s\n", Clean(headline))
	place := Fields{{"node", f.Node}, {"service", f.Service}}
	if f.Type == fault.CommandFailed {
		place = append(place, Field{"exit code", exitCode(f.ExitCode)})
	}
	b.WriteString(indent(renderFields(place, Text, 0), "  "))
	for _, problem := range f.Problems {
		b.WriteString(indent(Clean(problem), "  - "))
	}
	if f.Output != "" {
		b.WriteString("  output:\n" + indent(strings.TrimRight(Clean(f.Output), "\n"), "    | "))
	}
	if f.Hint != "" {
		fmt.Fprintf(&b, "  next: %s\n", Clean(f.Hint))
	}
	_, _ = p.Stderr.Write([]byte(b.String()))
}

func exitCode(code int) string {
	if code == -1 {
		return "none (killed or timed out)"
	}
	return fmt.Sprint(code)
}

func indent(s, prefix string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		b.WriteString(strings.TrimRight(prefix+line, " ") + "\n")
	}
	return b.String()
}
