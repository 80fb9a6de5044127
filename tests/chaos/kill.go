package chaos

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"drover/activities"
	"drover/fault"
	"drover/workflows/api"
)

// kill is one fault.
type kill struct {
	name string
	// now kills, and returns the function that brings the component back, like a supervisor or a machine.
	now func(ctx context.Context, w *World, c *cluster) (back func(context.Context) error, err error)
	// first means that the component is back before held commands continue. Otherwise the operation meets the dead one.
	first bool
	// at are the moments at which the fault makes sense.
	at []Phase
	// only are the activities that are worth its time; empty means all.
	only []string
	// unknown means that the outcome of a running command becomes unknown.
	unknown bool
	// answer is the operator's answer to a hold; "" means retry.
	answer string
	// longer is how much longer than others the operation may take.
	longer time.Duration
	// needs returns the reason why a world cannot run it; "" when it can.
	needs func(w *World) string
	// after runs when the operation has ended, before its result is examined.
	after func(ctx context.Context, w *World) error
}

var (
	always = []Phase{Before, Command, After}
	onNode = []Phase{Before, Command}
	// An operator is needed only when the outcome of a command is unknown.
	inCommand = []Phase{Command}
	// Partitions take long, so they are limited to activities that connect to nodes or make a visible change.
	stages = []string{activities.RunStage, activities.Barrier, activities.StartAgents, activities.Publish, activities.PublishEnv}
)

// tries reports whether the fault makes sense at a moment.
func (k kill) tries(at Moment) bool {
	_, activity, _ := strings.Cut(at.Activity, "-")
	return slices.Contains(k.at, at.Phase) && (len(k.only) == 0 || slices.Contains(k.only, activity))
}

var kills = []kill{
	{name: "worker", at: always, first: true, now: func(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
		return w.stack.StartWorker, w.stack.KillWorker()
	}},
	{name: "paused-worker", at: always, first: true, now: pause(pausedFor), after: wakeReplaced},
	{name: "frozen-worker", at: always, first: true, longer: frozenFor, now: pause(frozenFor), after: thawReplaced},
	{name: "stalled-worker", at: always, now: stall},
	{name: "temporal", at: always, now: server("temporal")},
	{name: "consul", at: always, now: server("consul")},
	{name: "worker-temporal", at: always, first: true, now: together("worker", "temporal")},
	{name: "worker-consul", at: always, first: true, now: together("worker", "consul")},
	{name: "servers", at: always, first: true, now: together("worker", "temporal", "consul")},
	{name: "agent", at: onNode, now: inNode(isAgent)},
	{name: "ssh-server", at: onNode, needs: needsOpenSSH, now: inNode(isSSH)},
	{name: "ssh-connection", at: onNode, needs: needsOpenSSH, now: inNode(isSSHConnection)},
	{name: "node", at: onNode, first: true, unknown: true, now: power},
	{name: "node-off", at: inCommand, first: true, unknown: true, now: powerOff},
	{name: "node-skipped", at: inCommand, first: true, unknown: true, answer: api.ResolveSkip, now: power},
	{name: "node-aborted", at: inCommand, first: true, unknown: true, answer: api.ResolveAbort, now: power},
	{name: "cut-worker-node", at: onNode, only: stages, needs: needsCuts, now: cutWorkerNode},
	{name: "lost-node", at: inCommand, unknown: true, longer: patience, needs: needsCuts, now: loseNode},
	{name: "cut-worker-consul", at: onNode, only: stages, needs: needsCuts, now: cutWorkerConsul},
	{name: "cut-node-consul", at: onNode, only: stages, needs: needsCuts, now: cutNodeConsul},
	{name: "cut-worker-temporal", at: always, only: stages, needs: needsCuts, now: cutWorkerTemporal},
}

// Kills returns the names of all faults.
func Kills() []string {
	var names []string
	for _, k := range kills {
		names = append(names, k.name)
	}
	return names
}

// Impossible returns the faults that cannot run here, with the reasons.
func (w *World) Impossible() map[string]string {
	why := map[string]string{}
	for _, k := range kills {
		if k.needs == nil {
			continue
		}
		if reason := k.needs(w); reason != "" {
			why[k.name] = reason
		}
	}
	return why
}

func killNamed(name string) *kill {
	i := slices.IndexFunc(kills, func(k kill) bool { return k.name == name })
	if i < 0 {
		return nil
	}
	return &kills[i]
}

func nothing(context.Context) error { return nil }

// moment is the time of a supervisor to restart a server.
const moment = time.Second

func server(name string) func(context.Context, *World, *cluster) (func(context.Context) error, error) {
	return func(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			if err := sleep(ctx, moment); err != nil {
				return err
			}
			return w.stack.StartServer(ctx, name)
		}, w.stack.KillServer(name)
	}
}

// together kills several programs at once. Servers are restarted a moment later, and the worker after them.
func together(names ...string) func(context.Context, *World, *cluster) (func(context.Context) error, error) {
	return func(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
		var err error
		for _, name := range names {
			if name == "worker" {
				err = errors.Join(err, w.stack.KillWorker())
			} else {
				err = errors.Join(err, w.stack.KillServer(name))
			}
		}
		return func(ctx context.Context) error {
			if err := sleep(ctx, moment); err != nil {
				return err
			}
			for _, name := range names {
				if name == "worker" {
					continue
				}
				if err := w.stack.StartServer(ctx, name); err != nil {
					return err
				}
			}
			return w.stack.StartWorker(ctx)
		}, err
	}
}

// inNode kills processes of one node; the node's own supervisor restarts them.
func inNode(meant func(process) bool) func(context.Context, *World, *cluster) (func(context.Context) error, error) {
	return func(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
		return nothing, w.killIn(ctx, c, meant)
	}
}

func needsOpenSSH(w *World) string {
	if w.stack.SSHServer == "" {
		return "it needs root and OpenSSH's server: the nodes' built-in one is a part of their process 1"
	}
	return ""
}

// power is a power loss of a node, and its return.
func power(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
	victim, err := w.victim(ctx, c)
	if err != nil || victim.ID == "" {
		return nothing, err
	}
	return func(ctx context.Context) error {
		_, err := w.machines.StartInstance(ctx, victim.ID)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
			return nil // it was released meanwhile, or is not complete: the operation creates it again
		}
		return err
	}, w.powerLoss(victim.ID)
}

// powerOff is a power loss of a node that only the operation ends.
func powerOff(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
	victim, err := w.victim(ctx, c)
	if err != nil || victim.ID == "" {
		return nothing, err
	}
	return nothing, w.powerLoss(victim.ID)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
