package chaos

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// promised is the time in which an operation should resume when a worker is back. Later ones are counted and do not fail:
// a busy machine is slow by itself.
const promised = 15 * time.Second

// Table collects outcomes.
type Table struct {
	mu       sync.Mutex
	outcomes []Outcome
}

// Add adds an outcome.
func (t *Table) Add(o Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !o.Missed || o.Err != nil {
		t.outcomes = append(t.outcomes, o)
	}
}

// Failed returns the outcomes with failed checks.
func (t *Table) Failed() []Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.outcomes), func(o Outcome) bool { return o.Err == nil })
}

// Print writes one line per operation, one per fault, and one for all.
func (t *Table) Print(out io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "\tcases\tas expected\tcommands run\tran twice\theld for an operator\tlongest time to resume\tlonger than %.0f s\n", promised.Seconds())
	for _, operation := range Operations() {
		t.row(w, operation, func(o Outcome) bool { return o.Case.Operation == operation })
	}
	for _, kill := range Kills() {
		t.row(w, kill, func(o Outcome) bool { return o.Case.Kill == kill })
	}
	t.row(w, "all", func(Outcome) bool { return true })
}

// row writes the line of some of the outcomes, none without outcomes.
func (t *Table) row(w io.Writer, name string, about func(Outcome) bool) {
	var cases, good, commands, twice, held, late int
	var longest time.Duration
	for _, o := range t.outcomes {
		if !about(o) {
			continue
		}
		cases++
		commands += o.Commands
		twice += o.Twice
		longest = max(longest, o.GoesOn)
		if o.Err == nil {
			good++
		}
		if o.Answered != "" {
			held++
		}
		if o.GoesOn > promised {
			late++
		}
	}
	if cases > 0 {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%.1f s\t%d\n", name, cases, good, commands, twice, held, longest.Seconds(), late)
	}
}

// Line describes an outcome on one line.
func (o Outcome) Line() string {
	text := fmt.Sprintf("%s: ", o.Case)
	switch {
	case o.Err != nil:
		text += fmt.Sprintf("NOT AS EXPECTED (resumed after %.1f s): %v", o.GoesOn.Seconds(), o.Err)
	case o.Case.Kill == "":
		text = fmt.Sprintf("%-17s undisturbed: %d commands, %d moments", o.Case.Operation, o.Commands, len(o.Moments))
	case o.Missed:
		text += "the operation ended earlier"
	case o.GoesOn == 0:
		text += fmt.Sprintf("%d commands, each once", o.Commands)
	default:
		text += fmt.Sprintf("%d commands, each once; resumed after %.1f s", o.Commands, o.GoesOn.Seconds())
	}
	if o.Answered != "" && o.Err == nil {
		text += "; held, the operator's answer was " + o.Answered
	}
	return fmt.Sprintf("%s (%.1f s)", text, o.Took.Seconds())
}
