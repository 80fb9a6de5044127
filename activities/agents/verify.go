package agents

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"drover/activities/internal/attempt"
	"drover/activities/internal/bounds"
	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

// printLimit is how much of an output is kept for people; all of it is in the sum.
const printLimit = 1 << 10

// keepPrints puts what verify printed into the record, from where it is compared with the backup's or goes into one.
func (a *Activities) keepPrints(ctx context.Context, rec *lifecycle.Record, in StageInput, results []fanout.Result[agentapi.CommandStatus]) error {
	prints := map[string]lifecycle.Print{}
	for _, r := range results {
		if r.Err != nil || r.Value.Outcome() != agentapi.OutcomeSucceeded {
			continue
		}
		text := strings.TrimRight(r.Value.Stdout, "\n")
		sum := sha256.Sum256([]byte(text))
		prints[r.Node.ID] = lifecycle.Print{Text: bounds.Head(lifecycle.Redact(text, rec.Secrets(&r.Node)), printLimit), SHA256: hex.EncodeToString(sum[:])}
	}
	_, err := control.UpdateOwn(ctx, a.Records, a.Attempt, in.ClusterID, in.RunID, func(rec *lifecycle.Record) error {
		if rec.Prints == nil {
			rec.Prints = map[string]lifecycle.Print{}
		}
		for node, p := range prints {
			rec.Prints[node] = p
		}
		return nil
	})
	return err
}

// HealthyInput names nodes whose health checks must succeed within a time.
type HealthyInput struct {
	ClusterID  string   `json:"cluster_id"`
	RunID      string   `json:"run_id"`
	Seq        int      `json:"seq"`
	Step       string   `json:"step"`
	Nodes      []string `json:"nodes"`
	TimeoutSec int      `json:"timeout_sec"`
}

// healthPause is the time between two checks of a node.
const healthPause = time.Second

// AwaitHealthy runs the health check of every node until it succeeds. Agents do not check by themselves while an operation
// runs. Nodes without a check count as healthy.
func (a *Activities) AwaitHealthy(ctx context.Context, in HealthyInput) error {
	rec, err := a.current(ctx, in.ClusterID, in.RunID)
	if err != nil {
		return err
	}
	ctx, stop := attempt.UntilStopping(ctx)
	defer stop()
	power := a.machinesOf(rec)
	var failed []error
	for _, r := range fanout.Run(ctx, rec.NamedNodes(in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (struct{}, error) {
		return struct{}{}, a.awaitHealthy(ctx, power, n, in, progress)
	}) {
		if r.Err != nil {
			failed = append(failed, fault.Wrap(r.Err, fault.Internal, "health of %s", r.Node.Label()).At(rec.ClusterID, r.Node.ID, ""))
		}
	}
	return fanout.FirstOf(failed)
}

func (a *Activities) awaitHealthy(ctx context.Context, power *machines, n lifecycle.Node, in HealthyInput, progress fanout.Progress) error {
	role, ok := power.rec.Spec.Role(n.Role)
	if !ok || role.HealthCheck == nil || !role.HealthCheck.Enable || role.HealthCheck.CheckCmd == "" {
		return nil
	}
	deadline := time.Now().Add(time.Duration(in.TimeoutSec) * time.Second)
	for try := 1; ; try++ {
		id := CommandID(StageInput{ClusterID: in.ClusterID, RunID: in.RunID, Seq: in.Seq, Step: in.Step, Service: fmt.Sprintf("check-%d", try)}, n.ID)
		progress.Command(id)
		st, err := a.Agents.Run(ctx, n, id, agentapi.Command{
			Run: in.RunID, Cmd: role.HealthCheck.CheckCmd, TimeoutSec: max(role.HealthCheck.TimeoutSec, 10), Label: n.Label() + " health check",
		}, agentapi.Watch{MayBegin: a.Attempt.MayBegin(progress), Silent: power.boot(n, progress)})
		if err != nil {
			return err
		}
		if st.Outcome() == agentapi.OutcomeSucceeded {
			return nil
		}
		if time.Now().After(deadline) {
			f := fault.New(fault.CommandFailed, "the health check of %s did not succeed within %d s; it ended with exit code %d", n.Label(), in.TimeoutSec, st.ExitCode)
			f.ExitCode, f.Output = st.ExitCode, bounds.TailInJSON(lifecycle.RedactCut(st.Output, power.rec.Secrets(&n)), agentapi.OutputTail, bounds.OutputInJSON)
			return f
		}
		select {
		case <-time.After(healthPause):
		case <-ctx.Done():
			return fault.Wrap(context.Cause(ctx), fault.Unreachable, "the health check is interrupted")
		}
	}
}
