package chaos

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Table collects outcomes.
type Table struct {
	mu       sync.Mutex
	outcomes []Outcome
}

// Add notes an outcome.
func (t *Table) Add(o Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes = append(t.outcomes, o)
}

// Failed are the outcomes that were not as they must be.
func (t *Table) Failed() []Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.outcomes), func(o Outcome) bool { return o.Err == nil })
}

// Print writes one line an operation, and one for all.
func (t *Table) Print(out io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "operation\tcases\tas they must\tcommands run\theld for an operator\tlongest time to go on\tdied")
	row := func(name string, about func(Outcome) bool) {
		var cases, good, commands, held int
		var longest time.Duration
		var died []string
		for _, o := range t.outcomes {
			if !about(o) {
				continue
			}
			cases++
			commands += o.Commands
			longest = max(longest, o.GoesOn)
			if o.Err == nil {
				good++
			}
			if o.Held {
				held++
			}
			if !slices.Contains(died, o.Case.Kill) {
				died = append(died, o.Case.Kill)
			}
		}
		if cases > 0 {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%.1f s\t%s\n", name, cases, good, commands, held, longest.Seconds(), strings.Join(died, ", "))
		}
	}
	for _, operation := range Operations() {
		row(operation, func(o Outcome) bool { return o.Case.Operation == operation })
	}
	row("all", func(Outcome) bool { return true })
}

// Line is an outcome on one line.
func (o Outcome) Line() string {
	text := fmt.Sprintf("%s: ", o.Case)
	switch {
	case o.Err != nil:
		text += "NOT AS IT MUST: " + o.Err.Error()
	case o.Case.Kill == "":
		text = fmt.Sprintf("%-17s undisturbed: %d commands, %d moments", o.Case.Operation, o.Commands, len(o.Moments))
	case o.GoesOn == 0:
		text += fmt.Sprintf("%d commands, each once", o.Commands)
	default:
		text += fmt.Sprintf("%d commands, each once; went on after %.1f s", o.Commands, o.GoesOn.Seconds())
	}
	if o.Held && o.Err == nil {
		text += "; held, run again by the operator"
	}
	return fmt.Sprintf("%s (%.1f s)", text, o.Took.Seconds())
}
