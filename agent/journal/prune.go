package journal

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"drover/fault"
)

// Keep says which finished commands stay in the journal.
type Keep struct {
	// Age: younger ones stay.
	Age time.Duration
	// Least: so many of the youngest stay whatever their age.
	Least int
}

// DefaultKeep outlives any operation by far: an id that was forgotten would run again if launched again.
var DefaultKeep = Keep{Age: 14 * 24 * time.Hour, Least: 200}

// trash is the prefix of entries being removed; no id begins with a dot.
const trash = ".trash-"

// Prune removes commands that ended (or became unknown, or never began) longer ago than keep says, and returns how many.
func (j *Journal) Prune(now time.Time, keep Keep) (int, error) {
	left, _ := filepath.Glob(filepath.Join(j.dir, trash+"*"))
	for _, dir := range left {
		os.RemoveAll(dir) // an earlier removal was interrupted
	}
	ids, err := j.names()
	if err != nil {
		return 0, err
	}
	type old struct {
		id string
		at time.Time
	}
	var done []old
	for _, id := range ids {
		e := j.entry(id)
		if held, err := e.held(); err != nil || held {
			continue
		}
		done = append(done, old{id, e.lastWord()})
	}
	sort.Slice(done, func(a, b int) bool { return done[a].at.After(done[b].at) })
	removed, errs := 0, []error{}
	for i, d := range done {
		if i < keep.Least || now.Sub(d.at) < keep.Age {
			continue
		}
		ok, err := j.remove(d.id)
		if err != nil {
			errs = append(errs, err)
		}
		if ok {
			removed++
		}
	}
	if err := errors.Join(errs...); err != nil {
		return removed, fault.Wrap(err, fault.Internal, "prune journal %s", j.dir)
	}
	return removed, nil
}

// remove drops one entry, at once and completely; false when it came to life in the meantime.
func (j *Journal) remove(id string) (bool, error) {
	defer j.enter(id)()
	e := j.entry(id)
	lock, err := takeLock(e.path(recordName))
	switch {
	case os.IsNotExist(err): // the agent died before the intent
	case err != nil || lock == nil:
		return false, err
	default:
		defer dropLock(lock)
	}
	gone := filepath.Join(j.dir, trash+strings.TrimPrefix(id, "."))
	if err := os.Rename(e.dir, gone); err != nil {
		return false, err
	}
	j.mark(id, false)
	return true, os.RemoveAll(gone)
}

// lastWord is when something last became known of the command.
func (e entry) lastWord() time.Time {
	st, err := os.Stat(e.path(recordName))
	if os.IsNotExist(err) {
		st, err = os.Stat(e.dir) // cancelled before it was launched
	}
	if err != nil {
		return time.Time{}
	}
	return st.ModTime()
}
