package screen

import (
	"github.com/jedib0t/go-pretty/v6/text"

	"drover/workflows/api"
)

// mark is the sign in front of a step, in its colour.
func mark(state string, color bool) string {
	sign, paint := "·", text.FgHiBlack
	switch state {
	case api.StepRunning:
		sign, paint = "▸", text.FgCyan
	case api.StepHeld:
		sign, paint = "?", text.FgYellow
	case api.StepDone:
		sign, paint = "✓", text.FgGreen
	case api.StepFailed:
		sign, paint = "✗", text.FgRed
	case api.StepSkipped:
		sign = "–"
	case api.StepUndone:
		sign, paint = "↶", text.FgYellow
	}
	return tint(sign, paint, color)
}

// headline colours the state of a whole operation.
func headline(state string, color bool) string {
	switch state {
	case api.OpRunning:
		return tint(state, text.FgCyan, color)
	case api.OpSucceeded:
		return tint(state, text.FgGreen, color)
	case api.OpUndoing, api.OpHeld:
		return tint(state, text.FgYellow, color)
	}
	return tint(state, text.FgRed, color)
}

// tint writes the escape codes itself: go-pretty's own switch is global and looks at the process environment.
func tint(s string, c text.Color, on bool) string {
	if !on {
		return s
	}
	return c.EscapeSeq() + s + text.Reset.EscapeSeq()
}
