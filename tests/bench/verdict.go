package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// verdict is one target and what was measured.
type verdict struct {
	what             string
	measured, target float64
	unit             string
}

func (v verdict) met() bool { return v.measured <= v.target }

type verdicts []verdict

func (v *verdicts) add(what string, measured, target float64, unit string) {
	*v = append(*v, verdict{what, measured, target, unit})
}

func (v verdicts) print(w io.Writer) {
	fmt.Fprintln(w, "\nTARGETS")
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	defer t.Flush()
	for _, one := range v {
		result := "met"
		if !one.met() {
			result = fmt.Sprintf("MISSED by %.3g %s", one.measured-one.target, one.unit)
			if one.target > 0 {
				result += fmt.Sprintf(" (%.0f%%)", 100*(one.measured/one.target-1))
			}
		}
		fmt.Fprintf(t, "  %s\t%.3g %s\tat most %.3g %s\t%s\n", one.what, one.measured, one.unit, one.target, one.unit, result)
	}
}
