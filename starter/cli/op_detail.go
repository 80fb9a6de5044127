package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/starter/screen"
	"drover/workflows/api"
)

// lookBack is how many operations are searched for a number.
const lookBack = 500

// detailLines is how much of each command's output a past operation shows.
const detailLines = 10

// opValue is what `drover ops CLUSTER NUMBER -o json` prints.
type opValue struct {
	Operation client.Operation `json:"operation"`
	// Commands are those that the nodes still know, each with the end of its output.
	Commands []api.CommandLog `json:"commands"`
}

// opDetail shows one operation: who asked for what, what was changed, steps, and the ends of outputs.
func (a *app) opDetail(ctx context.Context, server backend, clusterID, wanted string) (output.Output, error) {
	number, err := strconv.Atoi(wanted)
	if err != nil || number < 1 {
		return output.Output{}, fault.New(fault.Invalid, "%q is not the number of an operation", wanted).
			WithHint("list the operations with: drover ops %s", clusterID)
	}
	history, err := server.History(ctx, clusterID, lookBack, false)
	if err != nil {
		return output.Output{}, err
	}
	server.Detail(ctx, history)
	for _, op := range history {
		if op.Number != number {
			continue
		}
		value := opValue{Operation: op, Commands: a.endsOf(ctx, server, op)}
		blocks := []output.Block{a.opFields(op)}
		if op.Result != nil {
			blocks = append(blocks, valueLines(op.Result.Values))
		}
		blocks = append(blocks, a.operationLines(&op, nil))
		if len(value.Commands) > 0 {
			blocks = append(blocks, logLines(&api.Logs{Commands: value.Commands}))
		}
		return output.Output{Value: value, Blocks: blocks}, nil
	}
	return output.Output{}, fault.New(fault.NotFound, "operation %d of cluster %s is not known", number, clusterID).
		WithHint("list the operations with: drover ops %s; Temporal keeps them for the retention period of the namespace", clusterID)
}

// endsOf are the last lines of the operation's commands; none when the nodes or the cluster are gone.
func (a *app) endsOf(ctx context.Context, server backend, op client.Operation) []api.CommandLog {
	out := []api.CommandLog{}
	logs, err := readLogs(ctx, server, api.ReadLogsInput{
		ClusterID: op.ClusterID, Operation: op.Number, From: map[string]int64{}, Tail: detailLines << 8,
	})
	if err != nil {
		a.printer.Say("The output of the commands cannot be read: %s", faultLine(err))
		return out
	}
	for _, c := range logs.Commands {
		c.Output = lastLines(c.Output, detailLines)
		out = append(out, c)
	}
	return out
}

func (a *app) opFields(op client.Operation) output.Fields {
	ended := ""
	if !op.EndedAt.IsZero() {
		ended = fmt.Sprintf("%s, after %s", op.EndedAt.UTC().Format(time.RFC3339), screen.Elapsed(op.EndedAt.Sub(op.StartedAt)))
	}
	return output.Fields{
		{"operation", strings.TrimSpace(fmt.Sprintf("%d %s", op.Number, op.Type))}, {"cluster", op.ClusterID}, {"request", op.What}, {"by", askedBy(op)},
		{"started", op.StartedAt.UTC().Format(time.RFC3339)}, {"ended", ended}, {"result", op.State},
		{"skipped", strings.Join(op.Skipped, "\n")}, {"run", op.RunID}, a.runField(op.ClusterID, op.RunID),
	}
}

// askedBy names who started an operation.
func askedBy(op client.Operation) string {
	if op.By == "" {
		return "unknown: not recorded by its starter"
	}
	return op.By
}
