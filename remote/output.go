package remote

import (
	"bytes"
	"sync"
)

// MaxOutput is the number of bytes that Run keeps from the start of each output stream.
const MaxOutput = 1 << 20

// output keeps the first MaxOutput bytes written to it. It can be read while an abandoned writer still writes.
type output struct {
	mu   sync.Mutex
	kept bytes.Buffer
	more bool
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := MaxOutput - o.kept.Len()
	if len(b) > room {
		o.more = true
		o.kept.Write(b[:room])
	} else {
		o.kept.Write(b)
	}
	return len(b), nil
}

// snapshot copies the kept bytes, and reports whether any were dropped.
func (o *output) snapshot() ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.kept.Bytes()), o.more
}
