package journal

import (
	"strings"

	"drover/agent/api"
	"drover/fault"
)

const maxID = 200

// maxCmd is the kernel's limit for one argument of a program (MAX_ARG_STRLEN), terminator included.
const maxCmd = 128<<10 - 1

// maxTimeout is the longest time limit of a command, in seconds (S5).
const maxTimeout = 86400

// checkID refuses ids that could leave the journal's folder or that the file system would not take.
func checkID(id string) error {
	if safeID(id) {
		return nil
	}
	shown := id
	if len(shown) > 60 {
		shown = shown[:60] + "..."
	}
	return fault.New(fault.Invalid, "command id %q is not usable", shown).
		WithHint("1 to 200 letters, digits, dots, dashes and underscores, beginning with a letter or digit")
}

// safeID is written out: compiling a regular expression would cost every start of a supervisor half a millisecond.
func safeID(id string) bool {
	for i := range len(id) {
		c := id[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '-' && c != '_') {
			return false
		}
	}
	return len(id) > 0 && len(id) <= maxID
}

// checkCommand reports everything that keeps c from being run.
func checkCommand(id string, c api.Command) error {
	var problems []string
	if strings.ContainsRune(c.Cmd, 0) {
		problems = append(problems, "cmd contains a NUL byte")
	}
	if len(c.Cmd) > maxCmd {
		problems = append(problems, "cmd is longer than 128 KiB, the kernel's limit for one argument")
	}
	if c.TimeoutSec <= 0 || c.TimeoutSec > maxTimeout {
		problems = append(problems, "timeout_sec must be between 1 and 86400")
	}
	if c.GraceSec < 0 || c.GraceSec > maxTimeout {
		problems = append(problems, "grace_sec must be between 0 and 86400")
	}
	for _, kv := range c.Env {
		name, _, ok := strings.Cut(kv, "=")
		// The value may be a secret: name only what stands before the first "=".
		switch {
		case !ok || name == "":
			problems = append(problems, "an env entry is not of the form KEY=value")
		case strings.ContainsRune(kv, 0):
			problems = append(problems, "env "+name+" contains a NUL byte")
		}
	}
	if len(problems) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "command %s cannot be run: %s", id, strings.Join(problems, "; "))
	f.Problems = problems
	return f
}
