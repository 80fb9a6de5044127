package sentinel

import (
	"context"
	"errors"
	"reflect"
	"time"

	"drover/lifecycle"
	"drover/metadata"
)

const (
	// gap is the time between two readings from which on silence is this side's, not the nodes'.
	gap = 3 * roundEvery
	// strayFor is how long a report of a node that is on no record stays: a view may come late.
	strayFor = time.Minute
	// stepsEvery is how often operations are asked where they are.
	stepsEvery = 2 * roundEvery
)

// watch is what one tenure of the lease knows.
type watch struct {
	Options
	views Views

	lives  map[string]metadata.Live // as written, by cluster
	heard  map[node]heard
	strays map[node]time.Time
	read   time.Time // of the last reports
	asked  time.Time // of the last steps
	free   map[string]time.Time
	steps  map[string]metadata.LiveStep
}

type node struct{ cluster, id string }

// heard is the last report of a node, and when it was seen.
type heard struct {
	metadata.Reported
	at time.Time
	// anew: the report came during this tenure.
	anew bool
}

// round brings all live parts up to date.
func (w *watch) round(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, roundWithin)
	defer stop()
	if w.lives == nil {
		lives, err := w.Store.Lives(ctx)
		if err != nil {
			return err
		}
		w.free = map[string]time.Time{}
		w.lives, w.heard, w.strays = lives, map[node]heard{}, map[node]time.Time{}
	}
	views, err := w.views.All(ctx)
	if err != nil {
		return err
	}
	reports, err := w.Store.Beats(ctx)
	if err != nil {
		return err
	}
	now := w.Now()
	w.hear(reports, now)
	w.ask(ctx, views, now)
	next := make(map[string]metadata.Live, len(views))
	for _, v := range views {
		next[v.ClusterID] = w.liveOf(v, now)
	}
	acts := w.diagnose(views, next, now)
	err = errors.Join(w.write(ctx, next), w.tidy(ctx, views, now))
	w.treat(ctx, acts, now)
	return err
}

// write stores what has changed.
func (w *watch) write(ctx context.Context, next map[string]metadata.Live) error {
	var problems []error
	for id, live := range next {
		if reflect.DeepEqual(live, w.lives[id]) {
			continue
		}
		if err := w.Store.PutLive(ctx, live); err != nil {
			problems = append(problems, err)
			next[id] = w.lives[id]
		}
	}
	w.lives = next
	return errors.Join(problems...)
}

// hear notes which reports are new. Time during which nothing could be read counts for no node.
func (w *watch) hear(reports []metadata.Reported, now time.Time) {
	pause := time.Duration(0)
	if !w.read.IsZero() && now.Sub(w.read) > gap {
		pause = now.Sub(w.read)
	}
	first := w.read.IsZero()
	w.read = now
	next := make(map[node]heard, len(reports))
	for _, r := range reports {
		id := node{r.ClusterID, r.NodeID}
		before, ok := w.heard[id]
		if ok && before.Index == r.Index {
			before.at = before.at.Add(pause)
			next[id] = before
			continue
		}
		next[id] = heard{Reported: r, at: now, anew: !first}
	}
	w.heard = next
}

// liveOf is the live part of a view now. Since is kept while a state stays.
func (w *watch) liveOf(v metadata.View, now time.Time) metadata.Live {
	before := w.lives[v.ClusterID]
	was := make(map[string]metadata.LiveNode, len(before.Nodes))
	for _, n := range before.Nodes {
		was[n.NodeID] = n
	}
	out := metadata.Live{ClusterID: v.ClusterID}
	for _, n := range v.Nodes {
		out.Nodes = append(out.Nodes, w.nodeOf(v, n, was[n.NodeID], now))
	}
	if step := w.steps[v.ClusterID]; w.runs(v) && step.RunID == v.Operation.RunID {
		out.Operation = step
	}
	return out
}

func (w *watch) nodeOf(v metadata.View, n metadata.ViewNode, was metadata.LiveNode, now time.Time) metadata.LiveNode {
	h, reported := w.heard[node{v.ClusterID, n.NodeID}]
	silent := now.Sub(h.at)
	if was.Health == lifecycle.Gone && !h.anew {
		silent = lifecycle.GoneAfter // it was gone when this worker began to listen, and has not been heard since
	}
	out := metadata.LiveNode{NodeID: n.NodeID}
	out.Health, out.Reason = lifecycle.HealthOf(lifecycle.Heard{
		NoAgent: n.NoAgent, Off: v.Off, Reported: reported, Silent: silent, Health: h.Health, Reason: h.Reason,
	})
	stamp := now.UTC().Format(time.RFC3339)
	if out.Since = stamp; was.Health == out.Health && was.Since != "" {
		out.Since = was.Since
	}
	out.Tries = lifecycle.TriesOf(was.Tries, out.Health, timeOf(out.Since), now)
	if out.Health == lifecycle.Gone || out.Health == lifecycle.Off || len(h.Failing) == 0 {
		return out
	}
	out.Failing = h.Failing
	if out.FailingSince = stamp; was.FailingSince != "" {
		out.FailingSince = was.FailingSince
	}
	return out
}

// ask asks operations where they are. One that does not answer stays where it was.
func (w *watch) ask(ctx context.Context, views []metadata.View, now time.Time) {
	if now.Sub(w.asked) < stepsEvery {
		return
	}
	w.asked = now
	var running []metadata.View
	for _, v := range views {
		if w.runs(v) {
			running = append(running, v)
		}
	}
	next := map[string]metadata.LiveStep{}
	if len(running) > 0 {
		next = w.Steps(ctx, running)
	}
	for _, v := range running {
		if _, ok := next[v.ClusterID]; !ok && w.steps[v.ClusterID].RunID == v.Operation.RunID {
			next[v.ClusterID] = w.steps[v.ClusterID]
		}
	}
	w.steps = next
}

// runs reports whether the record calls the operation running: a view has the state of the live part in its place, with a step.
func (w *watch) runs(v metadata.View) bool {
	return v.Operation.State == lifecycle.OperationRunning || v.Operation.Step != ""
}

// tidy removes the reports of nodes that are on no record.
func (w *watch) tidy(ctx context.Context, views []metadata.View, now time.Time) error {
	onRecord := map[node]bool{}
	unsure := map[string]bool{}
	for _, v := range views {
		unsure[v.ClusterID] = len(v.Nodes) != v.NodeCount || v.State == string(lifecycle.Unreadable)
		for _, n := range v.Nodes {
			onRecord[node{v.ClusterID, n.NodeID}] = true
		}
	}
	var old []metadata.Reported
	next := map[node]time.Time{}
	for id, h := range w.heard {
		if onRecord[id] || unsure[id.cluster] {
			continue
		}
		since, ok := w.strays[id]
		if !ok {
			since = now
		}
		next[id] = since
		if now.Sub(since) >= strayFor {
			old = append(old, h.Reported)
		}
	}
	w.strays = next
	if len(old) == 0 {
		return nil
	}
	return w.Store.DropBeats(ctx, old)
}
