package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roundWithin is how long agents may take to render one change.
const roundWithin = 30 * time.Second

// fileWatch sees when daemons swap their hosts file.
type fileWatch struct {
	file *os.File
	seen chan sighting
}

type sighting struct {
	watch int32
	at    time.Time
}

func watchFiles(all daemons) (*fileWatch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	w := &fileWatch{file: os.NewFile(uintptr(fd), "inotify"), seen: make(chan sighting, 16*len(all))}
	for _, d := range all {
		if _, err := unix.InotifyAddWatch(fd, d.path("out"), unix.IN_MOVED_TO); err != nil {
			_ = w.close()
			return nil, fmt.Errorf("watch %s: %w", d.path("out"), err)
		}
	}
	go w.read()
	return w, nil
}

// read ends when the file is closed.
func (w *fileWatch) read() {
	defer close(w.seen)
	buffer := make([]byte, 64<<10)
	for {
		n, err := w.file.Read(buffer)
		now := time.Now()
		if err != nil {
			return
		}
		for b := buffer[:n]; len(b) >= unix.SizeofInotifyEvent; {
			event := (*unix.InotifyEvent)(unsafe.Pointer(&b[0]))
			end := unix.SizeofInotifyEvent + int(event.Len)
			name := string(bytes.TrimRight(b[unix.SizeofInotifyEvent:end], "\x00"))
			if name == hostsFile {
				w.seen <- sighting{event.Wd, now}
			}
			b = b[end:]
		}
	}
}

// round waits until n files have been swapped once.
func (w *fileWatch) round(ctx context.Context, n int) ([]time.Time, error) {
	timeout := time.NewTimer(roundWithin)
	defer timeout.Stop()
	found := make(map[int32]bool, n)
	var out []time.Time
	for len(out) < n {
		select {
		case s := <-w.seen:
			if found[s.watch] {
				return nil, fmt.Errorf("an agent swapped its file twice for one change")
			}
			found[s.watch] = true
			out = append(out, s.at)
		case <-timeout.C:
			return nil, fmt.Errorf("%d of %d agents rendered it within %s", len(out), n, roundWithin)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return out, nil
}

func (w *fileWatch) close() error { return w.file.Close() }
