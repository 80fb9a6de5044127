package pack

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	formatFull   = 'F'
	formatRecent = 'R'

	plain    = 0
	deflated = 1
)

// CompressAbove is the size in bytes from which a Full body is deflated. For smaller bodies the time of the reader
// matters more than the size (docs/decisions/2026-11-23-metadata-reads.md has the figures).
const CompressAbove = 256 << 10

// maxBody bounds the unpacked size of a damaged or forged tree.
const maxBody = 2 * maxText

// Full is a whole tree at a revision. Entries are sorted.
type Full struct {
	Revision int64
	Entries  []Entry
}

// Encode packs the tree.
func (f Full) Encode() []byte {
	body := binary.AppendUvarint(nil, uint64(f.Revision))
	body = appendEntries(body, f.Entries)
	if len(body) <= CompressAbove {
		return append([]byte{formatFull, plain}, body...)
	}
	var out bytes.Buffer
	out.Write([]byte{formatFull, deflated})
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil { // a valid level and a buffer cannot fail
		panic(err)
	}
	return out.Bytes()
}

// ParseFull decodes the result of Encode.
func ParseFull(b []byte) (Full, error) {
	if len(b) < 2 || b[0] != formatFull || b[1] > deflated {
		return Full{}, fmt.Errorf("not a packed metadata tree (%d bytes)", len(b))
	}
	body := b[2:]
	if b[1] == deflated {
		var err error
		if body, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), maxBody+1)); err != nil {
			return Full{}, fmt.Errorf("unpack metadata tree: %w", err)
		}
		if len(body) > maxBody {
			return Full{}, fmt.Errorf("unpack metadata tree: the tree is larger than %d MiB", maxBody>>20)
		}
	}
	d := decoder{b: body}
	f := Full{Revision: int64(d.uint()), Entries: d.entries()}
	return f, d.err
}
