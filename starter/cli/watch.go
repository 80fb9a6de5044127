package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
)

func (a *app) watch() *cobra.Command {
	return &cobra.Command{
		Use:     "watch CLUSTER",
		Aliases: []string{"attach"},
		Short:   "Follow the running operation of a cluster, from anywhere, and exit with its result",
		Long: `Follow the running operation of a cluster and exit with its result, from any machine. When no
operation is running, the result of the last one is shown and sets the exit code.

With -o json it prints one JSON object per line: the operation as it is, whenever something of it
has changed. The last line is its end.`,
		Example:           "  drover watch cl-a1b2c3d4\n  drover watch cl-a1b2c3d4 -o json",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			op, err := server.Latest(ctx, args[0]) // also a refusal, for one who did not wait for it
			if err != nil {
				return output.Output{}, err
			}
			view := a.viewer()
			if a.printer.Format == output.JSON {
				view = &stream{out: a.Stdout}
			}
			out, err := a.watched(ctx, server, view, op)
			if a.printer.Format == output.JSON {
				out.Value = nil // the last line had it
			}
			return out, err
		}),
	}
}

// watched shows an operation to its end, or how it has ended.
func (a *app) watched(ctx context.Context, server backend, view viewer, op *client.Operation) (output.Output, error) {
	if op.Running() {
		return a.follow(ctx, server, view, op.WorkflowID, op.FirstRunID)
	}
	defer view.Close()
	view.Show(client.Sight{Operation: *op})
	if err := op.Failed(); err != nil {
		return output.Output{}, next(wayBack(ctx, server, err))
	}
	return result(op), nil
}

// watchLine is a line of `drover watch -o json`.
type watchLine struct {
	client.Operation
	// Note is what is out of order while looking: no worker responds, Temporal does not respond.
	Note string `json:"note,omitempty"`
}

// stream shows the sights of an operation to programs: a line for each that differs from the one before.
type stream struct {
	out  io.Writer
	last []byte
}

func (s *stream) Show(sight client.Sight) {
	text, err := json.Marshal(watchLine{Operation: sight.Operation, Note: sight.Note})
	if err != nil || bytes.Equal(text, s.last) {
		return // plain data can be encoded
	}
	s.last = text
	_, _ = s.out.Write(append(text, '\n')) // a reader that has gone ends the program
}

func (s *stream) Close() {}
