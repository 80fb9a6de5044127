package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"drover/agent/api"

	"golang.org/x/sys/unix"
)

// record is what is known of one command: a file with one line per word, appended in this order, and behind the lines
// the room that is reserved for those to come, zeros. Only the holder of the file's lock appends; the intent is written
// before the lock can be held. A last line that is not whole, because its writer was killed or the power failed, was
// never said.
type record struct {
	Intent  *intent  `json:"intent,omitempty"`
	Started *started `json:"started,omitempty"`
	Group   *group   `json:"group,omitempty"`
	Result  *result  `json:"result,omitempty"`

	size  int64 // of the whole lines
	rest  int64 // bytes behind them
	dirty bool  // the rest holds what an interrupted write left
}

type intent struct {
	ID        string      `json:"id"`
	Command   api.Command `json:"command"`
	CreatedAt string      `json:"created_at"`
}

type started struct {
	BootID    string `json:"boot_id"`
	StartedAt string `json:"started_at"`
	// Uptime is StartedAt by the clock that the time limit runs on; see uptime.
	Uptime time.Duration `json:"uptime,omitempty"`
	// Supervisor is the process that holds the lock.
	Supervisor process `json:"supervisor,omitzero"`
}

// process identifies a process for as long as the node is up: StartTicks guards against a pid that was reused.
type process struct {
	PID        int    `json:"pid"`
	StartTicks uint64 `json:"start_ticks"`
}

// group identifies the command's process group by its leader, the shell. No group outlives a power loss, so it needs no
// sync.
type group struct {
	Pgid       int    `json:"pgid"`
	StartTicks uint64 `json:"start_ticks"`
}

func (g *group) leader() process { return process{g.Pgid, g.StartTicks} }

type result struct {
	ExitCode  int    `json:"exit_code"`
	TimedOut  bool   `json:"timed_out,omitempty"`
	Canceled  bool   `json:"canceled,omitempty"`
	StartedAt string `json:"started_at,omitempty"`
	EndedAt   string `json:"ended_at"`
	Output    string `json:"output,omitempty"`
	Truncated bool   `json:"truncated,omitempty"`
	Stdout    string `json:"stdout,omitempty"`
	LastLine  string `json:"last_line,omitempty"`
}

func readRecord(f *os.File) (record, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return record{}, err
	}
	return parseRecord(data)
}

func parseRecord(data []byte) (record, error) {
	var r record
	for {
		rest := data[r.size:]
		r.rest, r.dirty = int64(len(rest)), len(bytes.Trim(rest, "\x00")) > 0
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			return r, nil
		}
		next := r
		if err := json.Unmarshal(rest[:end], &next); err != nil {
			if bytes.IndexByte(rest[end:], '\n') >= 0 {
				return r, fmt.Errorf("line at byte %d: %w", r.size, err)
			}
			return r, nil
		}
		next.size += int64(end)
		r = next
	}
}

// room is how much the words that follow the intent take at most: JSON makes six bytes of one at worst.
func (r *record) room() int64 {
	n := api.OutputTail + maxLastLine + 512 // the rest are numbers and times
	if r.Intent.Command.Stdout {
		n += stdoutLimit
	}
	return int64(6 * n)
}

// reserve takes the room on the disk before the command begins: a disk that is full when it ends must not cost its
// result.
func (r *record) reserve(f *os.File) error {
	room := r.room()
	if r.rest == room && !r.dirty {
		return nil
	}
	err := f.Truncate(r.size)
	if err == nil {
		err = allocate(f, r.size, room)
	}
	if err != nil {
		_ = f.Truncate(r.size)
		return err
	}
	r.rest, r.dirty = room, false
	return nil
}

// allocate makes n zeros at an offset that have their place on the disk.
func allocate(f *os.File, at, n int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, at, n)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			_, err = f.WriteAt(make([]byte, n), at)
			return err
		case err != nil:
			return &os.PathError{Op: "reserve room in", Path: f.Name(), Err: err}
		}
		return nil
	}
}

// release gives back the room that was not needed.
func (r *record) release(f *os.File) { _ = f.Truncate(r.size) }

// add appends one word, in place of what an earlier try left behind the whole lines.
func (r *record) add(f *os.File, word record) error {
	data, err := json.Marshal(word)
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if err := r.wipe(f); err != nil {
		return err
	}
	r.dirty = true
	if _, err := f.WriteAt(data, r.size); err != nil {
		return err
	}
	n := int64(len(data))
	r.size, r.rest, r.dirty = r.size+n, max(0, r.rest-n), false
	return nil
}

// wipe makes zeros of what an interrupted write left. They replace blocks and need no others.
func (r *record) wipe(f *os.File) error {
	if !r.dirty {
		return nil
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if n := st.Size() - r.size; n > 0 {
		if _, err := f.WriteAt(make([]byte, n), r.size); err != nil {
			return err
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return err
		}
	}
	r.dirty = false
	return nil
}

// addDurable appends one word that lasts when it returns, if the file's name does.
func (r *record) addDurable(f *os.File, word record) error {
	was := *r
	err := r.add(f, word)
	if err == nil {
		err = unix.Fdatasync(int(f.Fd()))
	}
	if err != nil {
		*r = was
		r.dirty = true
		_ = r.wipe(f) // nothing was done for this word: it must not be read
	}
	return err
}
