package client

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
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
	// By is the user who asks; it is kept with the workflow. Empty: unknown.
	By string
	// RequestID makes the start idempotent: the same id on the same cluster gives the operation that it started, also after its
	// end, for as long as Temporal keeps it. Empty: every call starts.
	RequestID string
}

// Started names a started operation; it is what `--no-wait -o json` prints.
type Started struct {
	ClusterID  string `json:"cluster_id"`
	Operation  string `json:"operation"`
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
}

func (r Request) dryRun() bool {
	in, ok := r.Input.(interface{ IsDryRun() bool })
	return ok && in.IsDryRun()
}

// Start starts the operation under the cluster's workflow id. When another one runs there it is refused with a
// Conflict naming that operation, its step and since when. A dry run has an id of its own, and is refused like that too: the plan
// would be one for a cluster that changes.
func (c *Client) Start(ctx context.Context, r Request) (*Started, error) {
	if err := c.NeedWorker(ctx); err != nil {
		return nil, err
	}
	options := client.StartWorkflowOptions{
		ID:                                       api.WorkflowID(r.ClusterID),
		TaskQueue:                                api.TaskQueue,
		WorkflowTaskTimeout:                      api.WorkflowTaskTimeout,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            short(r.Summary),
		TypedSearchAttributes:                    searchAttributes(r),
	}
	if r.dryRun() {
		if err := c.free(ctx, r.ClusterID); err != nil {
			return nil, err
		}
		options.ID, options.StaticSummary = api.PlanID(r.ClusterID, uuid.NewString()), short("plan: "+r.Summary)
		options.WorkflowExecutionTimeout = c.readTimeout()
	}
	if !r.dryRun() {
		if found, err := c.earlier(ctx, r); found != nil || err != nil {
			return found, err
		}
		options.Memo, ctx = r.memo(), withRequestID(ctx, r.RequestID)
	}
	run, err := c.Temporal.ExecuteWorkflow(ctx, options, r.Operation, r.Input)
	if unknownAttribute(err) {
		options.TypedSearchAttributes = temporal.SearchAttributes{}
		run, err = c.Temporal.ExecuteWorkflow(ctx, options, r.Operation, r.Input)
	}
	var busy *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &busy) {
		return nil, c.busy(ctx, r.ClusterID)
	}
	if err != nil {
		return nil, serviceFault(ctx, err, "cannot start %s %s", r.Operation, r.ClusterID)
	}
	return &Started{ClusterID: r.ClusterID, Operation: r.Operation, WorkflowID: options.ID, RunID: run.GetRunID()}, nil
}

// summaryLimit is what Temporal takes as a summary, in bytes, with room for its encoding.
const summaryLimit = 200

func short(summary string) string {
	if len(summary) <= summaryLimit {
		return summary
	}
	return strings.ToValidUTF8(summary[:summaryLimit-3], "") + "..."
}

func searchAttributes(r Request) temporal.SearchAttributes {
	keyword := func(name, value string) temporal.SearchAttributeUpdate {
		return temporal.NewSearchAttributeKeyKeyword(name).ValueSet(value)
	}
	state := api.OpRunning
	if r.dryRun() {
		state = api.OpPlanned
	}
	updates := []temporal.SearchAttributeUpdate{
		keyword(api.AttrClusterID, r.ClusterID),
		keyword(api.AttrOperation, r.Operation),
		keyword(api.AttrOperationState, state),
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

// free fails with a Conflict while an operation of the cluster runs.
func (c *Client) free(ctx context.Context, clusterID string) error {
	answer, err := c.Temporal.DescribeWorkflowExecution(ctx, api.WorkflowID(clusterID), "")
	if err == nil && answer.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return c.busy(ctx, clusterID)
	}
	var missing *serviceerror.NotFound
	if err != nil && !errors.As(err, &missing) {
		return serviceFault(ctx, err, "cannot describe workflow %s", api.WorkflowID(clusterID))
	}
	return nil
}

func (c *Client) busy(ctx context.Context, clusterID string) error {
	f := fault.New(fault.Conflict, "cluster %s is busy with another operation", clusterID)
	ways := "follow the running one with: drover watch " + clusterID
	if op, err := c.Latest(ctx, clusterID); err == nil && op.Running() {
		f = fault.New(fault.Conflict, "cluster %s is busy: %s has been running since %s (%s)%s", clusterID, op.Type,
			op.StartedAt.UTC().Format(time.TimeOnly+" MST"), c.Now().Sub(op.StartedAt).Round(time.Second), op.where())
		ways = op.ways()
	}
	f.Cluster = clusterID
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
