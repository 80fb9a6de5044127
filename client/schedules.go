package client

import (
	"context"
	"errors"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

// Schedule is the schedule of a cluster's backups.
type Schedule struct {
	api.ScheduledBackupInput
	Paused bool   `json:"paused,omitempty"`
	Note   string `json:"note,omitempty"`
	// Next is when the next window opens; zero while paused.
	Next time.Time `json:"next,omitzero"`
	// Runs are the last ten, the newest first. Missed counts the windows during which Temporal was down.
	Runs   []ScheduledRun `json:"runs"`
	Missed int            `json:"missed,omitempty"`
}

// ScheduledRun is what became of one window.
type ScheduledRun struct {
	Opened time.Time `json:"opened"`
	State  string    `json:"state"` // running, succeeded, failed, ...
	// Result is nil until the run has succeeded, Error until it has failed.
	Result *api.ScheduledBackupResult `json:"result,omitempty"`
	Error  *fault.Fault               `json:"error,omitempty"`
}

// SetSchedule makes the schedule of a cluster's backups, or replaces the one there is, which stays paused if it was.
func (c *Client) SetSchedule(ctx context.Context, in api.ScheduledBackupInput) error {
	if problems := in.Problems(); len(problems) > 0 {
		f := fault.New(fault.Invalid, "the schedule is invalid: %s", problems[0])
		f.Problems = problems
		return f
	}
	opens, length, err := api.ParseWindow(in.Window)
	if err != nil {
		return fault.New(fault.Invalid, "window: %v", err)
	}
	spec := client.ScheduleSpec{
		Calendars: []client.ScheduleCalendarSpec{{
			Hour:   []client.ScheduleRange{{Start: int(opens / time.Hour)}},
			Minute: []client.ScheduleRange{{Start: int(opens % time.Hour / time.Minute)}},
		}},
		TimeZoneName: in.TimeZone,
	}
	id := api.ScheduleID(in.ClusterID)
	action := &client.ScheduleWorkflowAction{
		ID: id, Workflow: api.ScheduledBackup, Args: []any{in}, TaskQueue: api.TaskQueue, WorkflowTaskTimeout: api.WorkflowTaskTimeout,
		StaticSummary: "back up " + in.ClusterID + " within " + in.Window,
	}
	_, err = c.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Action: action, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: length,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = c.schedule(in.ClusterID).Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(u client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			s := u.Description.Schedule
			s.Spec, s.Action = &spec, action
			s.Policy.CatchupWindow = length
			return &client.ScheduleUpdate{Schedule: &s}, nil
		}})
	}
	return scheduleFault(ctx, err, in.ClusterID)
}

// Schedule reads the schedule of a cluster's backups, and what became of the last windows.
func (c *Client) Schedule(ctx context.Context, clusterID string) (*Schedule, error) {
	d, err := c.schedule(clusterID).Describe(ctx)
	if err != nil {
		return nil, scheduleFault(ctx, err, clusterID)
	}
	out := Schedule{
		Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note, Missed: d.Info.NumActionsMissedCatchupWindow, Runs: []ScheduledRun{},
	}
	if action, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction); ok && len(action.Args) == 1 {
		payloads, _ := c.converters()
		if argument, ok := action.Args[0].(*commonpb.Payload); !ok {
			return nil, fault.New(fault.Internal, "the schedule of %s cannot be read", clusterID)
		} else if err := payloads.FromPayload(argument, &out.ScheduledBackupInput); err != nil {
			return nil, serviceFault(ctx, err, "the schedule of %s cannot be read", clusterID)
		}
	}
	if len(d.Info.NextActionTimes) > 0 && !out.Paused {
		out.Next = d.Info.NextActionTimes[0]
	}
	for _, action := range d.Info.RecentActions {
		if started := action.StartWorkflowResult; started != nil {
			run, err := c.scheduledRun(ctx, started.WorkflowID, started.FirstExecutionRunID)
			if err != nil {
				return nil, err
			}
			run.Opened = action.ScheduleTime
			out.Runs = append([]ScheduledRun{run}, out.Runs...)
		}
	}
	return &out, nil
}

func (c *Client) scheduledRun(ctx context.Context, id, run string) (ScheduledRun, error) {
	d, err := c.Temporal.DescribeWorkflowExecution(ctx, id, run)
	var forgotten *serviceerror.NotFound
	if errors.As(err, &forgotten) {
		return ScheduledRun{State: "forgotten"}, nil // beyond the namespace's retention
	}
	if err != nil {
		return ScheduledRun{}, serviceFault(ctx, err, "cannot read the run %s", id)
	}
	out := ScheduledRun{State: stateOf(d.GetWorkflowExecutionInfo().GetStatus())}
	if out.State == StateRunning {
		return out, nil
	}
	var result api.ScheduledBackupResult
	if err := c.Temporal.GetWorkflow(ctx, id, run).Get(ctx, &result); err != nil {
		_, out.Error = closeFault(err)
		return out, nil
	}
	out.Result = &result
	return out, nil
}

// PauseSchedule stops the schedule for a time, or resumes it. The note says why.
func (c *Client) PauseSchedule(ctx context.Context, clusterID string, pause bool, note string) error {
	var err error
	if pause {
		err = c.schedule(clusterID).Pause(ctx, client.SchedulePauseOptions{Note: note})
	} else {
		err = c.schedule(clusterID).Unpause(ctx, client.ScheduleUnpauseOptions{Note: note})
	}
	return scheduleFault(ctx, err, clusterID)
}

// RemoveSchedule ends the schedule; backups stay.
func (c *Client) RemoveSchedule(ctx context.Context, clusterID string) error {
	return scheduleFault(ctx, c.schedule(clusterID).Delete(ctx), clusterID)
}

func (c *Client) schedule(clusterID string) client.ScheduleHandle {
	return c.Temporal.ScheduleClient().GetHandle(context.Background(), api.ScheduleID(clusterID))
}

func scheduleFault(ctx context.Context, err error, clusterID string) error {
	var missing *serviceerror.NotFound
	var invalid *serviceerror.InvalidArgument
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return fault.New(fault.NotFound, "cluster %s has no schedule of backups", clusterID).At(clusterID, "", "").
			WithHint("make one with: drover backup schedule %s --window 03:00-05:00 --keep 7 --chain 7", clusterID)
	case errors.As(err, &invalid):
		return fault.New(fault.Invalid, "the schedule was refused: %s", invalid.Message).At(clusterID, "", "")
	}
	return serviceFault(ctx, err, "the schedule of %s", clusterID)
}
