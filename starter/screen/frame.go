package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// Frame is one picture of an operation.
type Frame struct {
	Sight client.Sight
	Now   time.Time
	// Width of the terminal in columns; Height in lines, 0 for as many as needed.
	Width, Height int
	Color         bool
}

const (
	minWidth = 20
	maxWidth = 110 // wider lines are hard to follow from left to right
)

// Lines draws the frame; no line is wider than Width.
func (f Frame) Lines() []string {
	f.Width = min(max(f.Width, minWidth), maxWidth)
	lines := f.draw(nothing)
	if f.Height <= 0 || len(lines) <= f.Height {
		return lines
	}
	if lines = f.draw(finished); len(lines) <= f.Height {
		return lines
	}
	if lines = f.draw(finished | pending); len(lines) <= f.Height {
		return lines
	}
	return append(lines[:1:1], lines[len(lines)-max(f.Height-1, 0):]...)
}

// collapse says which steps are drawn as one line when the terminal is too low for all.
type collapse int

const (
	nothing  collapse = 0
	finished collapse = 1 << iota
	pending
)

func (f Frame) draw(c collapse) []string {
	op := f.Sight.Operation
	lines := []string{f.title()}
	if p := op.Progress; p == nil {
		lines = append(lines, f.fit("  waiting for the first response of a worker"))
	} else {
		lines = append(lines, f.steps(p.Steps, c)...)
		if len(p.Undo) > 0 {
			lines = append(lines, f.fit("  undo"))
			lines = append(lines, f.steps(p.Undo, c)...)
		}
		lines = append(lines, f.warnings(p.Warnings, c)...)
		if p.Held != nil {
			lines = append(lines, f.held(p.Held)...)
		}
	}
	if f.Sight.Note != "" {
		lines = append(lines, f.fit("  ! "+f.Sight.Note))
	}
	return lines
}

func (f Frame) title() string {
	op := f.Sight.Operation
	name := op.Type + " " + op.ClusterID
	if op.Progress != nil && op.Progress.App != "" {
		name += " (" + op.Progress.App + ")"
	}
	state, took := op.State, between(op.StartedAt, op.EndedAt, f.Now)
	name = cut(output.CleanLine(name), f.Width-text.StringWidth(state)-text.StringWidth(took)-4)
	return name + "  " + headline(state, f.Color) + "  " + took
}

// warnings shows the newest few while the operation runs, all of them in the last frame.
func (f Frame) warnings(all []api.Warning, c collapse) []string {
	var lines []string
	if hidden := len(all) - 3; hidden > 0 && (f.Sight.Operation.Running() || c != nothing) {
		lines = append(lines, f.fit(fmt.Sprintf("  ! %d earlier warnings", hidden)))
		all = all[hidden:]
	}
	for _, w := range all {
		lines = append(lines, f.fit("  ! "+warning(w)))
	}
	return lines
}

// held is never shortened: a command that is cut off cannot be typed.
func (f Frame) held(h *api.Held) []string {
	var lines []string
	for _, line := range Held(h) {
		lines = append(lines, wrapped("  "+line, f.Width)...)
	}
	return lines
}

func warning(w api.Warning) string {
	place := strings.TrimSpace(w.Step + " " + w.Node)
	return place + ": " + output.Joined(w.Message)
}

func (f Frame) fit(line string) string { return cut(line, f.Width) }

// wrapped breaks plain text at spaces, keeping its margin, so that no line is wider than width unless a word is.
func wrapped(s string, width int) []string {
	margin := s[:len(s)-len(strings.TrimLeft(s, " |"))]
	var lines []string
	line := margin
	for word := range strings.FieldsSeq(s[len(margin):]) {
		if line != margin && text.StringWidth(line)+1+text.StringWidth(word) > width {
			lines = append(lines, line)
			line = margin
		}
		if line != margin {
			line += " "
		}
		line += word
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = cut(lines[i], width)
	}
	return lines
}

// cut shortens plain text to width columns.
func cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if text.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for _, r := range s {
		w := text.RuneWidth(r)
		if used+w > width-1 {
			break
		}
		b.WriteRune(r)
		used += w
	}
	return b.String() + "…"
}
