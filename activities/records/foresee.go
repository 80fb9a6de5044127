package records

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"drover/activities/internal/bounds"
	"drover/activities/internal/fanout"
	"drover/activities/internal/views"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/specs"
)

// foreseen is what would make an operation fail after it has stopped or made something, as far as it is known before. All of it is
// reported at once.
type foreseen struct {
	faults   []*fault.Fault
	warnings []string
}

// refusal is the one fault of all that was foreseen; nil when there is nothing.
func (f foreseen) refusal(clusterID string) error {
	if len(f.faults) == 0 {
		return nil
	}
	all := *f.faults[0]
	all.Retryable, all.Refused = false, true // people start it again
	var hints []string
	for _, one := range f.faults {
		all.Problems = append(all.Problems, one.Message)
		if one.Hint != "" && !slices.Contains(hints, one.Hint) {
			hints = append(hints, one.Hint)
		}
	}
	if all.Hint = strings.Join(hints, "; "); len(f.faults) == 1 {
		all.Problems = nil
	} else {
		all.Message = fmt.Sprintf("%d problems, and nothing was stopped or made: %s", len(f.faults), strings.Join(all.Problems, "; "))
		all.Node = ""
	}
	return all.At(clusterID, all.Node, "")
}

// images asks the provider for the images of roles: nothing is to be stopped or made for one that cannot boot.
func (f *foreseen) images(ctx context.Context, p providers.Provider, version string, roles []specs.Role) error {
	images, ok := p.(providers.Images)
	if !ok {
		return nil
	}
	var names []string
	for _, r := range roles {
		names = append(names, r.Container.Image)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		err := images.CheckImage(ctx, name)
		if fault.Is(err, fault.Unreachable) {
			return err // the next attempt may know
		}
		if err != nil {
			f.faults = append(f.faults, fault.Wrap(err, fault.NotFound, "the image of version %s cannot be booted; nothing was stopped or made", version))
		}
	}
	return nil
}

// capacity asks the provider, with one call, for what the operation will need.
func (f *foreseen) capacity(ctx context.Context, a *Activities, p providers.Provider, d providers.Demand) error {
	c, ok := p.(providers.Capacity)
	if !ok || len(d.New)+len(d.Resized) == 0 && d.VolumeGiB <= 0 {
		return nil
	}
	short, err := c.CheckCapacity(ctx, d)
	if fault.Is(err, fault.Unreachable) {
		return nil // the step that makes the machines waits for the provider, where operators see it
	}
	if err != nil {
		return err
	}
	f.warnings = append(f.warnings, short.Warnings...)
	if len(short.Problems) == 0 {
		return nil
	}
	hint := cmp.Or(short.Hint, "delete nodes or clusters, make the provider larger, or ask for less")
	hint = views.BinHint(ctx, a.Records, p.Name(), hint)
	for _, problem := range short.Problems {
		f.faults = append(f.faults, fault.New(fault.NoCapacity, "%s", problem).WithHint("%s", hint))
	}
	return nil
}

// An agent is asked for as long as a restart of it takes before it counts as silent. That fits into one attempt of the beginning.
const (
	askAgents = 6 * time.Second
	askAgent  = 3 * time.Second
	askPause  = 500 * time.Millisecond
)

// silent finds the nodes whose agent does not respond: their commands and barriers would fail after others were stopped.
func (f *foreseen) silent(ctx context.Context, a *Activities, rec *lifecycle.Record) {
	asking, stop := context.WithTimeout(ctx, askAgents)
	defer stop()
	results := fanout.Run(asking, rec.NamedNodes(lifecycle.WithAgent(rec)), 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (agentapi.Status, error) {
		for {
			status, err := a.askOnce(ctx, n)
			if err == nil {
				return status, nil
			}
			select {
			case <-ctx.Done():
				return status, err
			case <-time.After(askPause):
			}
		}
	})
	since := map[string]string{}
	if live, err := a.Lives.Live(ctx, rec.ClusterID); err == nil {
		for _, n := range live.Nodes {
			if n.Health == lifecycle.Gone && n.Since != "" {
				since[n.NodeID] = " since " + n.Since
			}
		}
	}
	var nodes []string
	for _, r := range results {
		if r.Err != nil && len(nodes) < maxSilent {
			f.faults = append(f.faults, fault.New(fault.Unreachable, "the agent of %s (%s, %s) does not respond%s: %s",
				r.Node.Label(), r.Node.ID, r.Node.IP, since[r.Node.ID], bounds.Reason(r.Err)).At(rec.ClusterID, r.Node.ID, ""))
		}
		if r.Err != nil {
			nodes = append(nodes, r.Node.ID)
		}
	}
	if more := len(nodes) - maxSilent; more > 0 {
		f.faults = append(f.faults, fault.New(fault.Unreachable, "the agents of %d further nodes do not respond", more))
	}
	if len(nodes) > 0 {
		_ = f.faults[len(f.faults)-1].WithHint(
			"make the nodes reachable, or repair them: drover repair %s --nodes %s (--replace gives them other machines); drover heal %s repair lets Drover do so",
			rec.ClusterID, strings.Join(nodes[:min(len(nodes), maxSilent)], ","), rec.ClusterID)
	}
}

func (a *Activities) askOnce(ctx context.Context, n lifecycle.Node) (agentapi.Status, error) {
	ctx, stop := context.WithTimeout(ctx, askAgent)
	defer stop()
	return a.Agents.Status(ctx, n)
}

// maxSilent is how many silent nodes are named.
const maxSilent = 10
