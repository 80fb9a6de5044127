package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"drover/agent/api"
	"drover/durable"
	"drover/fault"
)

// Output reads what a command printed, at most limit bytes from a position on; a negative one counts from the end, and
// begins with a whole line. What is no longer on disk is skipped: From says where the text begins.
func (j *Journal) Output(id string, from int64, limit int) (api.CommandOutput, error) {
	if err := checkID(id); err != nil {
		return api.CommandOutput{}, err
	}
	e := j.entry(id)
	p, r, err := e.look()
	if err != nil {
		return api.CommandOutput{}, err
	}
	if p == absent || p == planned {
		return api.CommandOutput{}, fault.New(fault.NotFound, "command %s never began on this node", id)
	}
	s, err := e.openOutput()
	if err != nil {
		return api.CommandOutput{}, broken(e, err)
	}
	defer s.close()
	limit = min(max(limit, utf8.UTFMax), api.OutputLimit)
	out := api.CommandOutput{Size: s.size, Ended: p != running}
	if r.Intent != nil {
		out.Secrets = r.Intent.Command.Secrets
	}
	fromEnd := from < 0
	if fromEnd {
		from += s.size
	}
	out.From = min(max(from, s.start), s.size)
	data := make([]byte, min(int64(limit), s.size-out.From))
	if _, err := s.ReadAt(data, out.From); err != nil && !errors.Is(err, io.EOF) {
		return api.CommandOutput{}, broken(e, err)
	}
	if fromEnd && out.From > s.start {
		if end := bytes.IndexByte(data, '\n') + 1; end > 0 && end < len(data) {
			data, out.From = data[end:], out.From+int64(end)
		}
	}
	data = data[:whole(data, out.Ended && out.From+int64(len(data)) == s.size, limit)]
	before := make([]byte, min(api.BeforeLimit, out.From-s.start))
	if _, err := s.ReadAt(before, out.From-int64(len(before))); err != nil && !errors.Is(err, io.EOF) {
		return api.CommandOutput{}, broken(e, err)
	}
	out.Before = strings.ToValidUTF8(string(before), "?")
	out.Text, out.Next = strings.ToValidUTF8(string(data), "?"), out.From+int64(len(data))
	return out, nil
}

// whole is how much of data to give: all of it at the end of the output of a command that has ended; else up to the last
// line that is whole, or of a line longer than limit the characters that are whole.
func whole(data []byte, last bool, limit int) int {
	if last {
		return len(data)
	}
	if end := bytes.LastIndexByte(data, '\n') + 1; end > 0 {
		return end
	}
	if len(data) < limit {
		return 0
	}
	for back := 1; back < utf8.UTFMax; back++ {
		if i := len(data) - back; utf8.RuneStart(data[i]) {
			if !utf8.FullRune(data[i:]) {
				return i
			}
			break
		}
	}
	return len(data)
}

// stored is the output on disk: two files that follow each other. start and size are positions in all that was printed.
type stored struct {
	older, newest *os.File // nil when missing
	turn          int64    // where newest begins
	start, size   int64
}

// turned is how often openOutput looks again after an output that became output.1 meanwhile.
const turned = 5

// openOutput opens the files at a moment between two turns. A turn changes three files one after the other, and is over in
// no time; whether it is shows in the size of output.1.
func (e entry) openOutput() (s stored, err error) {
	for range turned {
		s.close()
		before, turn := e.begins()
		if s, err = e.openAt(before, turn); err != nil {
			return s, err
		}
		after, still := e.begins()
		if s.older == nil && turn == 0 || turn-before == turn-s.start && before == after && turn == still {
			return s, nil
		}
		time.Sleep(time.Millisecond)
	}
	return s, nil // a supervisor was killed in the middle of a turn: positions are off by one file
}

func (e entry) openAt(before, turn int64) (s stored, err error) {
	s.turn, s.start, s.size = turn, turn, turn
	open := func(name string) (*os.File, int64, error) {
		f, err := os.Open(e.path(name))
		if os.IsNotExist(err) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, err
		}
		st, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, 0, err
		}
		return f, st.Size(), nil
	}
	var size int64
	if s.older, size, err = open(olderName); err != nil {
		return s, err
	}
	s.start = turn - size
	if s.newest, size, err = open(outputName); err != nil {
		s.close()
		return s, err
	}
	s.size = turn + size
	return s, nil
}

func (s *stored) close() {
	for _, f := range []*os.File{s.older, s.newest} {
		if f != nil {
			f.Close()
		}
	}
	s.older, s.newest = nil, nil
}

// ReadAt is part of io.ReaderAt, over both files.
func (s *stored) ReadAt(b []byte, at int64) (int, error) {
	n := 0
	if at < s.turn && s.older != nil {
		part := b[:min(int64(len(b)), s.turn-at)]
		var err error
		if n, err = s.older.ReadAt(part, at-s.start); err != nil {
			return n, err
		}
	}
	if n == len(b) || s.newest == nil {
		return n, nil
	}
	m, err := s.newest.ReadAt(b[n:], at+int64(n)-s.turn)
	return n + m, err
}

// setBegins notes where output.1 and output begin, before a turn.
func (e entry) setBegins(older, newest int64) {
	_ = durable.Replace(e.path(beginsName), fmt.Appendf(nil, "%d %d\n", older, newest), 0o600)
}

// begins are zero before the first turn.
func (e entry) begins() (older, newest int64) {
	data, err := os.ReadFile(e.path(beginsName))
	if err != nil {
		return 0, 0
	}
	if _, err := fmt.Sscan(string(data), &older, &newest); err != nil {
		return 0, 0
	}
	return older, newest
}
