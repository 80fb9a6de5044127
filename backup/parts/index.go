package parts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"

	"github.com/klauspost/compress/zstd"

	"drover/backup/target"
	"drover/fault"
)

// version of the format: a reader refuses others.
const version = 1

// Place names a part: the point of the chain (s-xxxxxxxx), and the part within it.
type Place struct{ Point, Part string }

func (p Place) object(name string) string { return p.Point + "/" + p.Part + "/" + name }

// Summary describes a stored part.
type Summary struct {
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`  // of content
	Stored int64  `json:"stored"` // bytes of packs that this point added, before encryption
	SHA256 string `json:"sha256"` // of the index
}

// index is the description of a part.
type index struct {
	Version int     `json:"version"`
	Packs   []pack  `json:"packs"`
	Entries []entry `json:"entries"`
	Files   int64   `json:"files"`
	Bytes   int64   `json:"bytes"`
	Stored  int64   `json:"stored"`
}

// pack is an object with content, of this point or of an earlier one.
type pack struct {
	Place
	Name string `json:"name"`
}

// entry is one entry of the stream.
type entry struct {
	Head   []byte  `json:"head"` // tar header blocks
	Size   int64   `json:"size,omitempty"`
	Chunks []chunk `json:"chunks,omitempty"`
}

// chunk is a piece of the content of a file: where it lies in a pack, and its SHA-256.
type chunk struct {
	Pack int    `json:"p"`
	At   int    `json:"a"`
	Len  int    `json:"l"`
	Sum  []byte `json:"s"`
}

// Stored gives the summary of a part that is whole; ok is false while there is none.
func Stored(ctx context.Context, t target.Target, at Place) (s Summary, ok bool, err error) {
	has, err := t.Has(ctx, at.object("index"))
	if err != nil || !has {
		return s, false, err
	}
	ix, sum, err := readIndex(ctx, t, at)
	if err != nil {
		return s, false, err
	}
	return ix.summary(sum), true, nil
}

func (ix *index) summary(sum string) Summary {
	return Summary{Files: ix.Files, Bytes: ix.Bytes, Stored: ix.Stored, SHA256: sum}
}

func readIndex(ctx context.Context, t target.Target, at Place) (*index, string, error) {
	data, err := t.Get(ctx, at.object("index"))
	if err != nil {
		return nil, "", err
	}
	plain, err := unpack(data)
	var ix index
	if err == nil {
		err = json.Unmarshal(plain, &ix)
	}
	if err != nil {
		return nil, "", damaged(at, "its index cannot be read: %v", err)
	}
	if ix.Version != version {
		return nil, "", fault.New(fault.Invalid, "part %s of backup %s has format %d, and this worker knows %d", at.Part, at.Point, ix.Version, version).
			WithHint("use a newer worker")
	}
	return &ix, sumOf(plain), nil
}

func (ix *index) write(ctx context.Context, t target.Target, at Place) (string, error) {
	plain, err := json.Marshal(ix)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "index of backup %s", at.Point)
	}
	return sumOf(plain), t.Put(ctx, at.object("index"), packed(plain))
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// packed compresses.
func packed(data []byte) []byte {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // memory does not fail, and the options are constants
	}
	return b.Bytes()
}

// unpack decompresses what packed has made.
func unpack(data []byte) ([]byte, error) {
	r, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// damaged is the fault of a part whose objects are not what was written.
func damaged(at Place, format string, args ...any) error {
	return fault.Wrap(fault.New(fault.Invalid, format, args...), fault.Invalid, "backup %s is damaged in part %s", at.Point, at.Part)
}
