package remote

import (
	"bytes"
	"sync"
)

// MaxOutput is how many bytes of each output stream Run keeps: the first ones.
const MaxOutput = 1 << 20

// output keeps the first MaxOutput bytes written to it. It can be read while a writer that nobody waits for any more
// still writes.
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

// snapshot copies what is there, and says whether anything was dropped.
func (o *output) snapshot() ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.kept.Bytes()), o.more
}
