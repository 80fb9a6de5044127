package sentinel

import (
	"context"
	"time"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// diagnose decides what to do about bad nodes, and notes in the live parts why nothing is done.
func (w *watch) diagnose(views []metadata.View, lives map[string]metadata.Live, now time.Time) []lifecycle.Act {
	patients := make([]lifecycle.Patient, len(views))
	free := make(map[string]time.Time, len(views))
	for i, v := range views {
		p := w.patient(v, lives[v.ClusterID])
		if !p.Busy && !p.Resting {
			if free[v.ClusterID] = w.free[v.ClusterID]; free[v.ClusterID].IsZero() {
				free[v.ClusterID] = now
			}
		}
		p.Free = free[v.ClusterID]
		patients[i] = p
	}
	w.free = free
	healing := lifecycle.Heal(patients, now)
	for id, live := range lives {
		before := w.lives[id]
		if live.Brake = healing.Brakes[id]; live.Brake != "" {
			if live.BrakeSince = now.UTC().Format(time.RFC3339); before.Brake != "" {
				live.BrakeSince = before.BrakeSince
			}
			if before.Brake == "" {
				w.Logger.Warn("nothing is healed", "cluster", id, "because", live.Brake)
			}
		}
		for n := range live.Nodes {
			live.Nodes[n].Helpless = healing.Helpless[live.Nodes[n].NodeID]
		}
		lives[id] = live
	}
	return healing.Acts
}

func (w *watch) patient(v metadata.View, live metadata.Live) lifecycle.Patient {
	p := lifecycle.Patient{
		ClusterID: v.ClusterID, State: lifecycle.State(v.State), Busy: w.runs(v), Resting: v.Maintenance != "", Policy: v.Heal,
	}
	for i, n := range live.Nodes {
		of := v.Nodes[i]
		p.Nodes = append(p.Nodes, lifecycle.PatientNode{
			ID: n.NodeID, Label: api.NodeView{Role: of.Role, SID: of.SID}.Label(), NoAgent: of.NoAgent, Health: n.Health, Since: timeOf(n.Since),
			Settles: time.Duration(of.Settles) * time.Second, Tries: n.Tries,
		})
	}
	return p
}

// treat starts the operations, and notes them. One whose cluster is busy by now is due again in the next round.
func (w *watch) treat(ctx context.Context, acts []lifecycle.Act, now time.Time) {
	for _, act := range acts {
		switch err := w.Heal(ctx, act); {
		case fault.Is(err, fault.Conflict):
			continue
		case err != nil:
			w.Logger.Warn("nodes are not healed", "cluster", act.ClusterID, "level", act.Level, "nodes", act.Nodes, "error", err)
			continue
		}
		w.Logger.Info("healing", "cluster", act.ClusterID, "level", act.Level, "nodes", act.Nodes, "because", act.Why)
		live := w.lives[act.ClusterID]
		live.Nodes = append([]metadata.LiveNode{}, live.Nodes...)
		for i, n := range live.Nodes {
			for _, id := range act.Nodes {
				if n.NodeID == id {
					live.Nodes[i].Tries = append(append([]lifecycle.Try{}, n.Tries...), lifecycle.Try{Level: act.Level, At: now.UTC().Truncate(time.Second)})
				}
			}
		}
		w.lives[act.ClusterID] = live
		if err := w.Store.PutLive(ctx, live); err != nil {
			w.Logger.Warn("what healing has tried is known to this worker alone", "cluster", act.ClusterID, "error", err)
		}
	}
}

// timeOf reads a time of a live part; zero when there is none.
func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
