package parts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"

	"drover/backup/target"
	"drover/fault"
)

// keptPacks is how many packs a reader keeps in memory: the content of a file lies in few of them.
const keptPacks = 4

// reader gives one part back.
type reader struct {
	ctx  context.Context
	from target.Target
	at   Place
	ix   *index
	kept []keptPack // the newest last
}

type keptPack struct {
	n    int
	data []byte
}

// Read writes a part as a tar stream to w. sha256 is that of its index, as the catalogue has it. Every byte is compared with
// its sum before it is written: damage is an Invalid fault that names the part.
func Read(ctx context.Context, from target.Target, at Place, sha256 string, w io.Writer) error {
	ix, sum, err := readIndex(ctx, from, at)
	if fault.Is(err, fault.NotFound) {
		return damaged(at, "its index is missing")
	}
	if err != nil {
		return err
	}
	if sum != sha256 {
		return damaged(at, "its index is another one than was recorded")
	}
	r := &reader{ctx: ctx, from: from, at: at, ix: ix}
	for _, e := range ix.Entries {
		if err := r.write(e, w); err != nil {
			return err
		}
	}
	_, err = w.Write(make([]byte, 1024)) // the end of a tar stream
	return err
}

// padding fills the last block of a file in a tar stream.
var padding [512]byte

func (r *reader) write(e entry, w io.Writer) error {
	if _, err := w.Write(e.Head); err != nil {
		return err
	}
	var size int64
	for _, c := range e.Chunks {
		data, err := r.chunk(c)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		size += int64(len(data))
	}
	if size != e.Size {
		return damaged(r.at, "a file has %d bytes in place of %d", size, e.Size)
	}
	if over := size % 512; over > 0 {
		if _, err := w.Write(padding[over:]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) chunk(c chunk) ([]byte, error) {
	if c.Pack < 0 || c.Pack >= len(r.ix.Packs) {
		return nil, damaged(r.at, "its index names a pack that it does not have")
	}
	data, err := r.pack(c.Pack)
	if err != nil {
		return nil, err
	}
	name := r.ix.Packs[c.Pack].object(r.ix.Packs[c.Pack].Name)
	if c.At < 0 || c.Len < 0 || c.At+c.Len > len(data) {
		return nil, damaged(r.at, "%s is too short", name)
	}
	data = data[c.At : c.At+c.Len]
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], c.Sum) {
		return nil, damaged(r.at, "%s has other content than was stored", name)
	}
	return data, nil
}

// pack reads a pack, or takes it from memory.
func (r *reader) pack(n int) ([]byte, error) {
	for _, k := range r.kept {
		if k.n == n {
			return k.data, nil
		}
	}
	name := r.ix.Packs[n].object(r.ix.Packs[n].Name)
	stored, err := r.from.Get(r.ctx, name)
	if fault.Is(err, fault.NotFound) {
		return nil, damaged(r.at, "%s is missing", name)
	}
	if err != nil {
		return nil, err
	}
	data, err := unpack(stored)
	if err != nil {
		return nil, damaged(r.at, "%s cannot be decompressed: %v", name, err)
	}
	if r.kept = append(r.kept, keptPack{n, data}); len(r.kept) > keptPacks {
		r.kept = r.kept[1:]
	}
	return data, nil
}
