package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"drover/activities"
	"drover/workflows/api"
)

// split says where the time of one creation went.
type split struct {
	wall      time.Duration // from the starter's call to the result in its hands
	provision time.Duration // step CC1 as the progress query reports it; not counted
	records   time.Duration // activities that prepare and close the control record
	metadata  time.Duration // CC2, the activity
	agents    time.Duration // CC3, the activity: agents up and barrier passed
	stages    time.Duration // CC4, the activities
	events    int
	bytes     int // of history
}

// rest is what the targets are about.
func (s split) rest() time.Duration { return s.wall - s.provision }

// temporal is what is spent between activities: queues, workflow tasks, the starter's call and its answer.
func (s split) temporal() time.Duration {
	return s.rest() - s.records - s.metadata - s.agents - s.stages
}

// splitOf reads history and progress of a creation that has ended.
func (b *bench) splitOf(ctx context.Context, run client.WorkflowRun, wall time.Duration) (split, error) {
	s := split{wall: wall}
	answer, err := b.temporal.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), api.QueryProgress)
	if err != nil {
		return s, err
	}
	var progress api.Progress
	if err := answer.Get(&progress); err != nil {
		return s, err
	}
	for _, step := range progress.Steps {
		if step.ID == "CC1" {
			s.provision += step.EndedAt.Sub(step.StartedAt)
		}
	}
	if s.provision <= 0 {
		return s, fmt.Errorf("the progress of %s does not report how long CC1 took", run.GetID())
	}
	for _, w := range progress.Warnings {
		return s, fmt.Errorf("%s warned: %s: %s", run.GetID(), w.Node, w.Message)
	}
	events := b.temporal.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	names, begun := map[int64]string{}, map[int64]time.Time{}
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return s, err
		}
		s.events++
		s.bytes += e.Size()
		switch a := e.GetAttributes().(type) {
		case *history.HistoryEvent_ActivityTaskScheduledEventAttributes:
			names[e.GetEventId()] = a.ActivityTaskScheduledEventAttributes.GetActivityType().GetName()
		case *history.HistoryEvent_ActivityTaskStartedEventAttributes:
			begun[a.ActivityTaskStartedEventAttributes.GetScheduledEventId()] = e.GetEventTime().AsTime()
		case *history.HistoryEvent_ActivityTaskCompletedEventAttributes:
			id := a.ActivityTaskCompletedEventAttributes.GetScheduledEventId()
			s.count(names[id], e.GetEventTime().AsTime().Sub(begun[id]))
		}
	}
	return s, nil
}

func (s *split) count(activity string, took time.Duration) {
	switch activity {
	case activities.PrepareCreate, activities.EndOperation:
		s.records += took
	case activities.Publish:
		s.metadata += took
	case activities.StartAgents:
		s.agents += took
	case activities.RunStage:
		s.stages += took
	}
}
