package ids

import (
	"strconv"
	"strings"
)

// Command is what the id of a command in a node's journal says:
// "cl-xxxxxxxx.<operation>-<run>.<step>.<service>[.pre_check].<node>[.again-<n>]".
type Command struct {
	Cluster   string
	Operation int    // number of the operation
	Run       string // end of its run's id
	Step      string
	Service   string // as far as ids can hold it
	PreCheck  bool
	Node      string
	Again     int // how often an operator had it run again before
}

// ExecStep is the step in the ids of operators' commands, which belong to no operation.
const ExecStep = "exec"

// Executes reports whether an id is that of an operator's command.
func Executes(id string) bool {
	c, ok := ParseCommand(id)
	return ok && c.Operation == 0 && c.Step == ExecStep
}

// ParseCommand reads an id; false when it is none of an operation's.
func ParseCommand(id string) (Command, bool) {
	parts := strings.Split(id, ".")
	if len(parts) < 5 {
		return Command{}, false
	}
	number, run, _ := strings.Cut(parts[1], "-")
	n, err := strconv.Atoi(number)
	c := Command{Cluster: parts[0], Operation: n, Run: run, Step: parts[2], Service: parts[3]}
	rest := parts[4:]
	if rest[0] == "pre_check" {
		c.PreCheck, rest = true, rest[1:]
	}
	if err != nil || len(rest) == 0 || len(rest) > 2 {
		return Command{}, false
	}
	c.Node = rest[0]
	if len(rest) == 2 {
		again, ok := strings.CutPrefix(rest[1], "again-")
		if c.Again, err = strconv.Atoi(again); err != nil || !ok {
			return Command{}, false
		}
	}
	return c, true
}

// OfOperation is a pattern of path.Match for the ids of a cluster's commands; operation 0 and step "" are any.
func OfOperation(cluster string, operation int, step string) string {
	number, at := "*", "*"
	if operation > 0 {
		number = strconv.Itoa(operation)
	}
	if step != "" {
		at = step
	}
	return cluster + "." + number + "-*." + at + ".*"
}
