package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"drover/fault"
	"drover/starter/output"
)

// watchEvery is the time between two readings of a watched list: each is a workflow.
const watchEvery = 5 * time.Second

// repeat shows an output again and again until ctx ends: in place on a terminal, else whenever its value has changed. A reading
// that fails because no worker responds is shown as such, and the next one may succeed; other failures end it.
func (a *app) repeat(ctx context.Context, every time.Duration, look func(context.Context) (output.Output, error)) error {
	show := a.whenChanged()
	if a.printer.Format != output.JSON && a.inPlace() {
		canvas := a.canvas()
		defer canvas.Close()
		show = func(out output.Output, problem string) error {
			width, height := canvas.Size()
			canvas.Paint(width, a.page(out, problem, every, width, height))
			return nil
		}
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last output.Output
	for {
		out, err := look(ctx)
		problem := ""
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.Is(err, fault.Unreachable):
			problem = bare(fault.As(err))
		case err != nil:
			return err
		default:
			last = out
		}
		if err := show(last, problem); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// whenChanged prints a value that is another one than before; a problem goes to standard error once.
func (a *app) whenChanged() func(output.Output, string) error {
	var shown []byte
	said, first := "", true
	return func(out output.Output, problem string) error {
		if problem != "" && problem != said {
			a.printer.Say("%s: %s", a.Now().UTC().Format(time.RFC3339), problem)
		}
		if said = problem; problem != "" {
			return nil
		}
		text, err := json.Marshal(out.Value)
		if err != nil || bytes.Equal(text, shown) {
			return err
		}
		shown = text
		if a.printer.Format == output.JSON {
			return a.printer.Line(out.Value)
		}
		if !first {
			fmt.Fprintln(a.Stdout)
		}
		first = false
		return a.printer.Print(out)
	}
}

// page is what a terminal shows of an output: as many lines as fit, and the time.
func (a *app) page(out output.Output, problem string, every time.Duration, width, height int) []string {
	var text bytes.Buffer
	p := *a.printer
	p.Stdout, p.Width = &text, width
	if err := p.Print(out); err != nil {
		problem = errors.Join(errors.New(problem), err).Error()
	}
	lines := strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	if room := max(height-4, 1); len(lines) > room {
		lines = append(lines[:room], fmt.Sprintf("%d more lines do not fit on the terminal", len(lines)-room))
	}
	foot := fmt.Sprintf("%s, every %s", a.Now().UTC().Format(time.TimeOnly+" MST"), every)
	if problem != "" {
		foot = output.CleanLine(foot + ": " + problem)
	}
	return append(lines, "", output.Shortened(foot, width))
}
