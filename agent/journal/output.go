package journal

import (
	"os"
	"sync"

	"drover/agent/api"
)

const (
	// segment is the size at which output becomes output.1: between one and two segments stay on disk.
	segment = 5 << 20
	// afterwards is how much a daemon left behind may still write into the journal; the rest is read and dropped, so
	// that it neither fills the disk nor stops on a full pipe nor dies of a closed one.
	afterwards = 1 << 20
	// stdoutLimit is how much of standard output alone is kept when asked for.
	stdoutLimit = 64 << 10
)

// output collects what a command prints: the last megabytes on disk, the tail in memory, so that a full disk costs the
// files and never the tail in the result.
type output struct {
	mu     sync.Mutex
	dir    entry
	file   *os.File
	size   int64 // of file
	begins int64 // where file begins in all that was printed
	total  int64
	budget int64 // bytes still kept; negative: no limit
	tail   []byte
	stdout []byte
}

func newOutput(e entry) *output { return &output{dir: e, budget: -1} }

// Write keeps b and never fails: the command must not notice the journal's troubles.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(b)
	if o.budget >= 0 {
		b = b[:min(int64(n), o.budget)]
		o.budget -= int64(len(b))
	}
	if len(b) == 0 {
		return n, nil
	}
	o.total += int64(len(b))
	o.tail = append(o.tail, b...)
	if extra := len(o.tail) - api.OutputTail; extra > 0 {
		o.tail = append(o.tail[:0], o.tail[extra:]...)
	}
	o.store(b)
	return n, nil
}

func (o *output) store(b []byte) {
	if o.file != nil && o.size+int64(len(b)) > segment {
		o.file.Close()
		o.file = nil
		o.dir.setBegins(o.begins, o.begins+o.size)
		o.begins += o.size
		_ = os.Rename(o.dir.path(outputName), o.dir.path(olderName))
	}
	if o.file == nil {
		f, err := os.OpenFile(o.dir.path(outputName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return
		}
		o.file, o.size = f, 0
	}
	m, _ := o.file.Write(b)
	o.size += int64(m)
}

// limit lets at most n further bytes through.
func (o *output) limit(n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.budget = n
}

// drop gives the disk back: for when even the result does not fit any more.
func (o *output) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	os.Remove(o.dir.path(olderName))
	_ = os.Truncate(o.dir.path(outputName), 0)
	o.size = 0
}

// describe puts the output into a result.
func (o *output) describe(r *result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r.describe(o.tail, o.total)
	r.Stdout = cutBack(o.stdout, stdoutLimit)
}

// describe takes over the end of an output of total bytes.
func (r *result) describe(tail []byte, total int64) {
	r.Output, r.Truncated, r.LastLine = text(tail, api.OutputTail), total > api.OutputTail, lastLine(tail)
}

// stdoutOnly is the writer for standard output when it is wanted alone: its beginning is kept as well.
type stdoutOnly struct{ *output }

func (s stdoutOnly) Write(b []byte) (int, error) {
	s.mu.Lock()
	if room := stdoutLimit - len(s.stdout); room > 0 && s.budget < 0 {
		s.stdout = append(s.stdout, b[:min(room, len(b))]...)
	}
	s.mu.Unlock()
	return s.output.Write(b)
}
