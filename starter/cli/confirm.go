package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/output"
)

// bindYes adds --yes to a command that asks before it starts.
func (l *launch) bindYes(c *cobra.Command, yes *bool) {
	if !l.plan {
		c.Flags().BoolVarP(yes, "yes", "y", false, "do not ask for confirmation; required without a terminal")
	}
}

// confirm asks before what cannot be reversed. Without a terminal there is no answer, and --yes is required: a script that means it says so.
// The question goes to the terminal there is. A dry run needs no confirmation.
func (a *app) confirm(ctx context.Context, dryRun, yes bool, question string) error {
	if dryRun || yes {
		return nil
	}
	_, _, in := a.Terminal(a.Stdin)
	_, _, onStderr := a.Terminal(a.Stderr)
	_, _, onStdout := a.Terminal(a.Stdout)
	if !in || !onStderr && !onStdout {
		return fault.New(fault.Invalid, "not confirmed: %s", question).WithHint("add --yes: without a terminal it is required; nothing was changed")
	}
	where := a.Stderr
	if !onStderr {
		where = a.Stdout
	}
	fmt.Fprintf(where, "%s [y/N] ", output.Clean(question))
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
