package cli

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
)

// bindYes adds --yes to a command that asks before it starts.
func (l *launch) bindYes(c *cobra.Command, yes *bool) {
	if !l.plan {
		c.Flags().BoolVarP(yes, "yes", "y", false, "do not ask for confirmation")
	}
}

// confirm asks on a terminal. Without a terminal there is no prompt: a script has already decided. A dry run needs no confirmation.
func (a *app) confirm(ctx context.Context, l *launch, yes bool, question string) error {
	_, _, inTerminal := a.Terminal(a.Stdin)
	_, _, errTerminal := a.Terminal(a.Stderr)
	if l.dryRun || yes || !inTerminal || !errTerminal {
		return nil
	}
	a.printer.Ask(question)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.Stdin).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case line := <-answers:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
		return fault.New(fault.NotAllowed, "not confirmed; nothing was changed")
	}
}
