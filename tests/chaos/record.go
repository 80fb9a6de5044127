package chaos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Record is a file with one outcome per line, so that a matrix that takes hours can run in parts. It belongs to one state
// of the code, which it does not name.
type Record struct {
	mu   sync.Mutex
	file *os.File
}

// line is an outcome in a record.
type line struct {
	Operation, Kill string
	Activity        string  `json:",omitempty"`
	Phase           Phase   `json:",omitempty"`
	Summary         string  `json:",omitempty"`
	Undo            bool    `json:",omitempty"`
	Share           float64 `json:",omitempty"`
	Commands, Twice int
	GoesOn, Took    time.Duration
	Answered        string `json:",omitempty"`
	Missed          bool   `json:",omitempty"`
	Wrong           string `json:",omitempty"`
}

// OpenRecord opens or creates a record, and returns its outcomes. An incomplete last line of a writer that died is dropped.
func OpenRecord(path string) (*Record, []Outcome, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	outcomes, err := readRecord(file)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return &Record{file: file}, outcomes, nil
}

func readRecord(file *os.File) (outcomes []Outcome, err error) {
	data, err := os.ReadFile(file.Name())
	if err != nil {
		return nil, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if err := file.Truncate(int64(whole)); err != nil {
		return nil, err
	}
	for n, text := range bytes.Split(bytes.TrimSuffix(data[:whole], []byte("\n")), []byte("\n")) {
		if len(text) == 0 {
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		outcomes = append(outcomes, l.outcome())
	}
	return outcomes, nil
}

// Add appends an outcome.
func (r *Record) Add(o Outcome) error {
	at := o.Case.Moment
	l := line{
		Operation: o.Case.Operation, Kill: o.Case.Kill, Activity: at.Activity, Phase: at.Phase, Summary: at.Summary, Undo: at.Undo,
		Share: at.Share, Commands: o.Commands, Twice: o.Twice, GoesOn: o.GoesOn, Took: o.Took, Answered: o.Answered, Missed: o.Missed,
	}
	if o.Err != nil {
		l.Wrong = o.Err.Error()
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err = r.file.Write(append(text, '\n'))
	return err
}

// Close ends the writing.
func (r *Record) Close() error { return r.file.Close() }

func (l line) outcome() Outcome {
	o := Outcome{
		Case:     Case{l.Operation, l.Kill, Moment{Activity: l.Activity, Phase: l.Phase, Summary: l.Summary, Undo: l.Undo, Share: l.Share}},
		Commands: l.Commands, Twice: l.Twice, GoesOn: l.GoesOn, Took: l.Took, Answered: l.Answered, Missed: l.Missed,
	}
	if l.Wrong != "" {
		o.Err = errors.New(l.Wrong)
	}
	return o
}

// same reports whether two cases are the same, regardless of other results of the runs that they come from.
func (c Case) same(other Case) bool {
	a, b := c.Moment, other.Moment
	return c.Operation == other.Operation && c.Kill == other.Kill && a.Activity == b.Activity && a.Phase == b.Phase && a.Share == b.Share
}
