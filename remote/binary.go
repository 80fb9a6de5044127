package remote

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"drover/fault"
)

// binary is a drover-agent on this machine, and how a node's agent finds out whether it is the same one.
type binary struct {
	path    string
	size    int64
	changed time.Time
	digest  func() (string, error) // SHA-256, read once
	// build, when not empty, describes the binary (keep.IsProgram) by the build id that the Go linker puts into a note,
	// which holds a hash of the whole binary: 100 bytes, where a digest of the file takes some 50 ms of CPU on each of
	// 200 nodes.
	build string
}

// words describe the binary in the cheapest way that it allows.
func (b *binary) words() (string, error) {
	if b.build != "" {
		return b.build, nil
	}
	return b.full()
}

// full describes the whole file.
func (b *binary) full() (string, error) {
	sum, err := b.digest()
	return "sha256:" + sum, err
}

// binaries remembers what was read of each binary until the file changes. The zero value is ready.
type binaries struct {
	mu     sync.Mutex
	byPath map[string]*binary
}

func (bs *binaries) of(path string) (*binary, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the drover-agent to install").
			WithHint("point the worker's agent binary setting to an existing file")
	}
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if b := bs.byPath[path]; b != nil && b.size == info.Size() && b.changed.Equal(info.ModTime()) {
		return b, nil
	}
	b := &binary{path: path, size: info.Size(), changed: info.ModTime()}
	b.digest = sync.OnceValues(func() (string, error) { return digestOf(path) })
	b.build = buildNote(path)
	if bs.byPath == nil {
		bs.byPath = map[string]*binary{}
	}
	bs.byPath[path] = b
	return b, nil
}

func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the drover-agent to install")
	}
	defer f.Close()
	return FileDigest(f)
}

// buildNote describes a Go binary by its build id; empty when there is none.
func buildNote(path string) string {
	const header, shortest = 16, 40 // sizes, type and name of an ELF note; the least a real id has
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	note := f.Section(".note.go.buildid")
	if note == nil || note.FileSize < header+shortest || note.FileSize > 1024 {
		return ""
	}
	data, err := io.ReadAll(note.Open())
	if err != nil {
		return ""
	}
	return fmt.Sprintf("at:%d:%x", note.Offset, data)
}
