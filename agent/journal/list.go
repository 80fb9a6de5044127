package journal

import (
	"path"
	"slices"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// List gives the newest commands whose ids match a pattern of path.Match ("" is all), newest first, at most limit. An entry
// that cannot be read is left out; Attach to it says why.
func (j *Journal) List(match string, limit int) (api.CommandList, error) {
	out := api.CommandList{Commands: []api.CommandEntry{}}
	if match == "" {
		match = "*"
	}
	if _, err := path.Match(match, ""); err != nil {
		return out, fault.New(fault.Invalid, "pattern %q: %v", match, err)
	}
	ids, err := j.names()
	if err != nil {
		return out, err
	}
	type found struct {
		id string
		at time.Time
	}
	var all []found
	for _, id := range ids {
		if is, _ := path.Match(match, id); is {
			all = append(all, found{id, j.entry(id).lastWord()})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return b.at.Compare(a.at) })
	if limit = min(max(limit, 1), api.ListLimit); len(all) > limit {
		all, out.More = all[:limit], true
	}
	for _, f := range all {
		e := j.entry(f.id)
		p, r, err := e.look()
		if err != nil || p == absent || p == planned {
			continue
		}
		st := e.describe(p, r)
		entry := api.CommandEntry{
			ID: st.ID, State: st.State, ExitCode: st.ExitCode, TimedOut: st.TimedOut, Canceled: st.Canceled,
			StartedAt: st.StartedAt, EndedAt: st.EndedAt, Detail: st.Detail,
		}
		if r.Intent != nil {
			entry.Label = r.Intent.Command.Label
		}
		out.Commands = append(out.Commands, entry)
	}
	return out, nil
}
