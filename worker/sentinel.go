package main

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	temporal "go.temporal.io/sdk/client"

	"drover/client"
	"drover/codec"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
	"drover/metadata/views"
	"drover/sentinel"
	wire "drover/workflows/api"
)

// askSteps is how long running operations may take to say where they are.
const askSteps = 3 * time.Second

// keepWatch watches the nodes of all clusters whenever no other worker does, until ctx ends.
func keepWatch(ctx context.Context, cfg config, t temporal.Client, logger *slog.Logger) error {
	keys, err := codec.ReadKeys(cfg.payloadKey)
	if err != nil {
		return err
	}
	consul, _, err := consulWith(cfg.consulToken)
	if err != nil {
		return err
	}
	c := &client.Client{Temporal: t, Keys: keys, Now: time.Now}
	host, _ := os.Hostname()
	go sentinel.Run(ctx, sentinel.Options{
		Store: store.New(consul, cfg.kvPrefix), Views: func() sentinel.Views { return views.NewWatcher(consul, cfg.kvPrefix, logger) },
		Steps: stepsOf(c), Heal: healWith(c), Name: host + " pid " + strconv.Itoa(os.Getpid()), Now: time.Now, Logger: logger,
	})
	return nil
}

// healer is who operations that heal are asked for by.
const healer = "health"

// healWith starts the operation of an act. The same act, decided again by another worker, starts nothing more.
func healWith(c *client.Client) func(context.Context, lifecycle.Act) error {
	return func(ctx context.Context, act lifecycle.Act) error {
		r := client.Request{
			Operation: wire.RepairCluster, ClusterID: act.ClusterID, By: healer, Summary: act.Level + " " + strings.Join(act.Nodes, ", ") + ": " + act.Why,
			Input: wire.RepairClusterInput{Nodes: act.Nodes, Replace: act.Level == lifecycle.HealReplace, Healing: wire.Healing{Healing: true}},
		}
		if act.Level == lifecycle.HealRestart {
			r.Operation, r.Input = wire.RestartCluster, wire.RestartClusterInput{Nodes: act.Nodes, Healing: wire.Healing{Healing: true}}
		}
		_, err := c.Start(ctx, r)
		return err
	}
}

// stepsOf asks operations where they are, as clients do.
func stepsOf(c *client.Client) func(context.Context, []metadata.View) map[string]metadata.LiveStep {
	return func(ctx context.Context, running []metadata.View) map[string]metadata.LiveStep {
		ctx, stop := context.WithTimeout(ctx, askSteps)
		defer stop()
		asked := make([]wire.ClusterView, len(running))
		for i, v := range running {
			asked[i] = wire.ClusterView{ClusterID: v.ClusterID, Operation: wire.OperationView{RunID: v.Operation.RunID, State: wire.OpRunning}}
		}
		c.Live(ctx, asked)
		out := map[string]metadata.LiveStep{}
		for _, v := range asked {
			if o := v.Operation; o.Step != "" {
				out[v.ClusterID] = metadata.LiveStep{RunID: o.RunID, State: o.State, Step: o.Step, Since: o.Since}
			}
		}
		return out
	}
}
