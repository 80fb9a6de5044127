package remote

import (
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"drover/fault"
)

// binary is a drover-agent on this machine, and how a node's shell finds out whether it has the same one.
type binary struct {
	path    string
	size    int64
	changed time.Time
	digest  func() (string, error) // SHA-256, read once
	// quick, when not empty, is a shell command over "$B" printing the words same. It reads the build id that the Go
	// linker puts into a note, which holds a hash of the whole binary: 100 bytes in one small process, where a
	// sha256sum of the file takes some 50 ms of CPU on each of 200 nodes.
	quick, same string
}

// checkFull and its words compare the whole file.
const checkFull = `sha256sum <"$B"`

func (b *binary) full() (command, words string, err error) {
	sum, err := b.digest()
	return checkFull, sum + " -", err
}

// check is the cheapest comparison that this binary allows.
func (b *binary) check() (command, words string, err error) {
	if b.quick != "" {
		return b.quick, b.same, nil
	}
	return b.full()
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
	b.quick, b.same = buildNote(path)
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

// buildNote finds the build id's place in a Go binary and the words od prints for it; empty when there is none.
func buildNote(path string) (command, words string) {
	const header, shortest = 16, 40 // sizes, type and name of an ELF note; the least a real id has
	f, err := elf.Open(path)
	if err != nil {
		return "", ""
	}
	defer f.Close()
	note := f.Section(".note.go.buildid")
	if note == nil || note.FileSize < header+shortest || note.FileSize > 1024 {
		return "", ""
	}
	data, err := io.ReadAll(note.Open())
	if err != nil {
		return "", ""
	}
	bytes := make([]string, len(data))
	for i := range data {
		bytes[i] = hex.EncodeToString(data[i : i+1])
	}
	return fmt.Sprintf(`od -An -v -tx1 -j%d -N%d "$B"`, note.Offset, len(data)), strings.Join(bytes, " ")
}
