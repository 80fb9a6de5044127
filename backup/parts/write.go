package parts

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"drover/backup/target"
	"drover/fault"
)

// Sizes of packs and chunks. Four parts that are written at once take about a quarter of a gigabyte.
var (
	packSize        = 16 << 20
	chunkSize int64 = 4 << 20
)

// writer stores one part.
type writer struct {
	ctx   context.Context
	to    target.Target
	at    Place
	ix    index
	known map[string]chunk // by sum
	open  []byte           // content of the pack that is being filled
	name  int              // index of its entry in ix.Packs; -1: none
	count int
}

// Write stores the tar stream r as a part, and returns when it is whole. parent is the same part of the point before in the
// chain; the zero Place where there is none. A part that is whole already is not read again.
func Write(ctx context.Context, to target.Target, at, parent Place, r io.Reader) (Summary, error) {
	w := &writer{ctx: ctx, to: to, at: at, ix: index{Version: version}, known: map[string]chunk{}, name: -1}
	if err := w.inherit(parent); err != nil {
		return Summary{}, err
	}
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Summary{}, cut(err)
		}
		if err := w.add(h, in); err != nil {
			return Summary{}, err
		}
	}
	if err := w.flush(); err != nil {
		return Summary{}, err
	}
	sum, err := w.ix.write(ctx, to, at)
	return w.ix.summary(sum), err
}

// cut is the fault of a stream that ends early: the machine or the connection behind it failed.
func cut(err error) error {
	if f := fault.As(err); f != nil {
		return f
	}
	return fault.Wrap(err, fault.Unreachable, "the data to back up cannot be read to its end")
}

// inherit makes the chunks of the point before known.
func (w *writer) inherit(parent Place) error {
	if parent.Point == "" {
		return nil
	}
	ix, _, err := readIndex(w.ctx, w.to, parent)
	if fault.Is(err, fault.NotFound) {
		return nil // the part is new in this point: a node that was added
	}
	if err != nil {
		return err
	}
	w.ix.Packs = ix.Packs
	for _, e := range ix.Entries {
		for _, c := range e.Chunks {
			w.known[string(c.Sum)] = c
		}
	}
	return nil
}

func (w *writer) add(h *tar.Header, content io.Reader) error {
	var head bytes.Buffer
	if err := tar.NewWriter(&head).WriteHeader(h); err != nil {
		return fault.Wrap(err, fault.Internal, "store %s in a backup", h.Name)
	}
	e := entry{Head: head.Bytes()}
	if h.Typeflag == tar.TypeReg {
		e.Size = h.Size
		w.ix.Files++
		w.ix.Bytes += h.Size
		for left := h.Size; left > 0; {
			piece := make([]byte, min(left, chunkSize))
			if _, err := io.ReadFull(content, piece); err != nil {
				return cut(err)
			}
			c, err := w.chunk(piece)
			if err != nil {
				return err
			}
			e.Chunks = append(e.Chunks, c)
			left -= int64(len(piece))
		}
	}
	w.ix.Entries = append(w.ix.Entries, e)
	return nil
}

// chunk stores a piece unless it is stored already.
func (w *writer) chunk(piece []byte) (chunk, error) {
	sum := sha256.Sum256(piece)
	if c, ok := w.known[string(sum[:])]; ok && c.Len == len(piece) {
		return c, nil
	}
	if len(w.open)+len(piece) > packSize {
		if err := w.flush(); err != nil {
			return chunk{}, err
		}
	}
	if w.name < 0 {
		w.name = len(w.ix.Packs)
		w.ix.Packs = append(w.ix.Packs, pack{Place: w.at})
	}
	c := chunk{Pack: w.name, At: len(w.open), Len: len(piece), Sum: sum[:]}
	w.open = append(w.open, piece...)
	w.known[string(sum[:])] = c
	return c, nil
}

// flush stores the pack that is being filled, unless an earlier attempt has stored the same.
func (w *writer) flush() error {
	if w.name < 0 {
		return nil
	}
	w.count++
	name := fmt.Sprintf("%06d-%s", w.count, sumOf(w.open)[:16])
	w.ix.Packs[w.name].Name = name
	w.ix.Stored += int64(len(w.open))
	has, err := w.to.Has(w.ctx, w.at.object(name))
	if err == nil && !has {
		err = w.to.Put(w.ctx, w.at.object(name), packed(w.open))
	}
	w.open, w.name = w.open[:0], -1
	return err
}
