package main

import (
	"context"
	"log/slog"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drover/activities"
	"drover/fault"
	"drover/lifecycle"
	"drover/worker/telemetry"
	"drover/workflows/api"
)

// observability is the worker's HTTP server; nil server: it was turned off.
type observability struct {
	server *telemetry.Server
	meters *telemetry.Meters
	log    *slog.Logger
}

const metricsOff = "off"

// observable starts the server, which is alive, and not ready before the worker serves.
func observable(cfg config, meters *telemetry.Meters, logger *slog.Logger) (*observability, error) {
	o := &observability{meters: meters, log: logger}
	if cfg.metrics == "" || cfg.metrics == metricsOff {
		return o, nil
	}
	var err error
	o.server, err = telemetry.Serve(cfg.metrics, cfg.metricsElsewhere, meters, logger)
	return o, err
}

func (o *observability) close() {
	if o.server != nil {
		o.server.Close()
	}
}

// serves completes the server once the worker serves its task queue.
func (o *observability) serves(deps activities.Dependencies, acts *activities.Activities, temporal client.Client) {
	if o.server == nil {
		return
	}
	o.meters.Installation(telemetry.Source{
		Records: deps.Records.EachRecord, Orphans: deps.Ledger.Orphans, Progress: progressOf(temporal),
		Lives: deps.Records.Lives, Concerns: acts.Reads.Concerns,
	}, o.log)
	o.server.Discover(func(ctx context.Context) ([]telemetry.Target, error) {
		targets := []telemetry.Target{}
		err := deps.Records.EachRecord(ctx, func(rec *lifecycle.Record) error {
			targets = append(targets, telemetry.Targets(rec, deps.MetricsPort)...)
			return nil
		})
		return targets, err
	})
	o.server.Serves(true,
		telemetry.Check{Name: "Temporal", Ask: func(ctx context.Context) error {
			_, err := temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}},
		telemetry.Check{Name: "Consul", Ask: func(ctx context.Context) error {
			_, err := deps.Ledger.Orphans(ctx)
			return err
		}},
	)
}

// progressOf asks the operation that runs on a cluster where it is.
func progressOf(temporal client.Client) func(context.Context, string) (api.Progress, error) {
	return func(ctx context.Context, clusterID string) (api.Progress, error) {
		var p api.Progress
		answer, err := temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
			WorkflowID: api.WorkflowID(clusterID), QueryType: api.QueryProgress,
			QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
		})
		switch {
		case err != nil:
			return p, err
		case answer.QueryRejected != nil:
			return p, fault.New(fault.NotFound, "no operation of %s is open", clusterID)
		}
		return p, answer.QueryResult.Get(&p)
	}
}
