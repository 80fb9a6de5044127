package operations

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

// Request asks for one operation on one cluster.
type Request struct {
	Operation string // workflow type
	ClusterID string
	App       string // for search only, may be empty
	// Summary is the one line the Temporal UI shows: "create etcd cl-x".
	Summary string
	Input   any
}

// Started names a started operation; it is what `--no-wait -o json` prints.
type Started struct {
	ClusterID  string `json:"cluster_id"`
	Operation  string `json:"operation"`
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
}

// Start starts the operation under the cluster's workflow id. When another one runs there it is refused with a
// Conflict naming that operation, its step and since when.
func (s *Server) Start(ctx context.Context, r Request) (*Started, error) {
	if err := s.NeedWorker(ctx); err != nil {
		return nil, err
	}
	options := client.StartWorkflowOptions{
		ID:                                       api.WorkflowID(r.ClusterID),
		TaskQueue:                                api.TaskQueue,
		WorkflowTaskTimeout:                      api.WorkflowTaskTimeout,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            r.Summary,
		TypedSearchAttributes:                    searchAttributes(r),
	}
	run, err := s.Client.ExecuteWorkflow(ctx, options, r.Operation, r.Input)
	if unknownAttribute(err) {
		options.TypedSearchAttributes = temporal.SearchAttributes{}
		run, err = s.Client.ExecuteWorkflow(ctx, options, r.Operation, r.Input)
	}
	var busy *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &busy) {
		return nil, s.busy(ctx, r)
	}
	if err != nil {
		return nil, serviceFault(ctx, err, "cannot start %s %s", r.Operation, r.ClusterID)
	}
	return &Started{ClusterID: r.ClusterID, Operation: r.Operation, WorkflowID: options.ID, RunID: run.GetRunID()}, nil
}

func searchAttributes(r Request) temporal.SearchAttributes {
	keyword := func(name, value string) temporal.SearchAttributeUpdate {
		return temporal.NewSearchAttributeKeyKeyword(name).ValueSet(value)
	}
	updates := []temporal.SearchAttributeUpdate{
		keyword(api.AttrClusterID, r.ClusterID),
		keyword(api.AttrOperation, r.Operation),
		keyword(api.AttrOperationState, api.OpRunning),
	}
	if r.App != "" {
		updates = append(updates, keyword(api.AttrApp, r.App))
	}
	return temporal.NewSearchAttributes(updates...)
}

// unknownAttribute says whether the server refused the start because the attributes were never created there. The
// worker says at boot how to create them; operations run without.
func unknownAttribute(err error) bool {
	var invalid *serviceerror.InvalidArgument
	return errors.As(err, &invalid) && strings.Contains(strings.ToLower(invalid.Message), "search attribute")
}

func (s *Server) busy(ctx context.Context, r Request) error {
	f := fault.New(fault.Conflict, "cluster %s is busy with another operation", r.ClusterID)
	ways := "follow the running one with: drover watch " + r.ClusterID
	if op, err := s.Current(ctx, r.ClusterID); err == nil && op.Running() {
		f = fault.New(fault.Conflict, "cluster %s is busy: %s has been running since %s (%s)%s", r.ClusterID, op.Type,
			op.StartedAt.UTC().Format(time.TimeOnly+" MST"), s.Now().Sub(op.StartedAt).Round(time.Second), op.where())
		ways = op.ways()
	}
	f.Cluster = r.ClusterID
	return f.WithHint("nothing was started; %s", ways)
}

// ways are what can be done about an operation that runs.
func (o *Operation) ways() string {
	ways := []string{"follow it with: drover watch " + o.ClusterID}
	if o.State == StateHeld {
		ways = append(ways, "resolve it with: drover resolve "+o.ClusterID+" --retry, --skip or --abort")
	}
	if o.State != StateUndoing && o.passed() == nil {
		ways = append(ways, "end it with: drover cancel "+o.ClusterID)
	}
	return strings.Join(ways, "; ")
}

// passed is the point of no return, once the operation has come there.
func (o *Operation) passed() *api.Point {
	if o.Progress == nil || o.Progress.NoReturn == nil || o.Progress.NoReturn.PassedAt.IsZero() {
		return nil
	}
	return o.Progress.NoReturn
}
