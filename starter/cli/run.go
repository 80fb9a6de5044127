package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
)

// app is one run of the CLI.
type app struct {
	System
	env     environment
	printer *output.Printer
	target  client.Options
	format  string
	by      string // who asks for operations
	// timeoutGiven: --timeout is on the command line.
	timeoutGiven bool
	// asked: the command has asked for what it follows.
	asked bool

	// understood is true once a command's own code runs: errors before that are cobra's, about the command line.
	understood bool
	through    through
	backend    backend
}

// Run executes one command line and returns the exit code.
func Run(ctx context.Context, s System) int {
	a := newApp(s)
	root := a.root()
	err := root.ExecuteContext(ctx)
	if a.backend != nil {
		a.backend.Close()
	}
	if err != nil && !a.understood {
		err = usageError{err}
	}
	if slices.Contains(output.Formats, a.format) {
		a.printer.Format = output.Format(a.format) // also for a command line that was refused
	}
	a.report(err)
	return exitCode(err)
}

func newApp(s System) *app {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Terminal == nil {
		s.Terminal = realTerminal
	}
	if s.NewClusterID == nil {
		s.NewClusterID = randomClusterID
	}
	env := environment(s.Environ)
	width, _, _ := s.Terminal(s.Stdout)
	return &app{
		System:  s,
		env:     env,
		target:  client.Options{Env: env, Now: s.Now, Connect: s.Dial},
		by:      user(env),
		printer: &output.Printer{Stdout: s.Stdout, Stderr: s.Stderr, Format: output.Text, Width: width},
	}
}

// action is a command's own code. Output and error may both be given: what is known is printed before the error.
type action func(ctx context.Context, args []string) (output.Output, error)

// run makes an action cobra's.
func (a *app) run(do action) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.understood = true
		out, err := do(cmd.Context(), args)
		if printErr := a.printer.Print(out); printErr != nil && err == nil {
			return fault.Wrap(printErr, fault.Internal, "cannot write the output")
		}
		return err
	}
}

// report says why a command failed.
func (a *app) report(err error) {
	var (
		q      quiet
		usage  usageError
		left   detached
		failed *client.Failed
	)
	switch {
	case err == nil, errors.As(err, &q):
	case errors.As(err, &left) && left.unsure:
		a.printer.Say("Interrupted while starting; check whether the operation started with: drover status %s", left.clusterID)
	case errors.As(err, &left):
		a.printer.Say("Detached; the operation continues. Follow it again with: drover watch %s", left.clusterID)
	case errors.Is(err, context.Canceled):
		a.printer.Say("Interrupted.")
	case errors.As(err, &usage):
		f := fault.New(fault.Invalid, "%v", usage.error).WithHint("see drover --help, or --help after any command")
		a.printer.Error(f.Message, f, exitUsage)
	case errors.As(err, &failed):
		a.printer.Error(headline(failed), failed.Fault, exitCode(err))
	default:
		f := fault.As(err)
		if f == nil {
			f = fault.Wrap(err, fault.Internal, "unexpected")
		}
		a.printer.Error(bare(f), bared(f), exitCode(err))
	}
}

// bare is a fault's message with its cause and without the hint, which has a line of its own.
func bare(f *fault.Fault) string {
	text := f.Message
	if cause := errors.Unwrap(f); cause != nil {
		text = fmt.Sprintf("%s: %v", text, cause)
	}
	return text
}

// bared is the fault with its cause moved into the message: JSON carries no causes.
func bared(f *fault.Fault) *fault.Fault {
	out := *f
	out.Message = bare(f)
	return &out
}

func headline(f *client.Failed) string {
	bareFailed := *f
	bareFault := *f.Fault
	bareFault.Message, bareFault.Hint = bare(f.Fault), ""
	bareFailed.Fault = &bareFault
	return bareFailed.Error()
}
