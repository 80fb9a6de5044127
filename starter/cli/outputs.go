package cli

import (
	"context"
	"errors"
	"strings"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// ranValue is what `drover run -o json` prints: the result, and what each command printed.
type ranValue struct {
	*api.OperationResult
	Commands []api.CommandLog `json:"commands"`
}

// addOutputs adds what the commands of an operation printed that has just ended, well or not. An operation that did not
// begin, or continues without this program, has nothing to show.
func (a *app) addOutputs(ctx context.Context, server backend, clusterID string, out *output.Output, failure error) {
	var failed *client.Failed
	if failure != nil && (!errors.As(failure, &failed) || failed.State == client.StateRefused || a.printer.Format == output.JSON) {
		return
	}
	logs, err := a.outputs(ctx, server, clusterID)
	if err != nil {
		a.printer.Say("The output of the commands cannot be read: %s", faultLine(err))
		a.printer.Say("Read it with: drover logs %s", clusterID)
		return
	}
	if result, ok := out.Value.(*api.OperationResult); ok {
		out.Value = ranValue{result, logs.Commands}
	}
	if lines := logLines(logs); len(logs.Commands) > 0 {
		out.Blocks = append(out.Blocks, lines)
	}
}

// outputs reads the commands of the operation that ended last.
func (a *app) outputs(ctx context.Context, server backend, clusterID string) (*api.Logs, error) {
	op, err := server.Latest(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	logs, err := readLogs(ctx, server, api.ReadLogsInput{ClusterID: clusterID, From: map[string]int64{}, Tail: logTail})
	if err != nil {
		return nil, err
	}
	own := []api.CommandLog{} // not those of an operation before, when this one ran none
	for _, c := range logs.Commands {
		if strings.HasSuffix(op.FirstRunID, "-"+c.Run) {
			own = append(own, c)
		}
	}
	logs.Commands = own
	return logs, nil
}

// faultLine is an error in one line.
func faultLine(err error) string {
	if f := fault.As(err); f != nil {
		return output.CleanLine(bare(f))
	}
	return output.CleanLine(err.Error())
}
