package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"drover/agent/api"

	"golang.org/x/sys/unix"
)

// record is what is known of one command: a file with one line per word, appended in this order. Only the holder of the
// file's lock appends; the intent is written before anybody can hold it. A last line that was not written whole, since
// its writer was killed or the power went, was never said.
type record struct {
	Intent  *intent  `json:"intent,omitempty"`
	Started *started `json:"started,omitempty"`
	Group   *group   `json:"group,omitempty"`
	Result  *result  `json:"result,omitempty"`

	size int64 // of the whole lines
}

type intent struct {
	ID        string      `json:"id"`
	Command   api.Command `json:"command"`
	CreatedAt string      `json:"created_at"`
}

type started struct {
	BootID    string `json:"boot_id"`
	StartedAt string `json:"started_at"`
}

// group identifies the command's process group; StartTicks guards against a pid that was given away again. It is a
// convenience for cancelling a command whose supervisor died: no group outlives a power loss, so it needs no sync.
type group struct {
	Pgid       int    `json:"pgid"`
	StartTicks uint64 `json:"start_ticks"`
}

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
	for rest := data; ; {
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
		r, rest = next, rest[end:]
		r.size += int64(end)
	}
}

// add appends one word, in place of what an earlier try left behind the whole lines.
func (r *record) add(f *os.File, word record) error {
	data, err := json.Marshal(word)
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if st, err := f.Stat(); err != nil {
		return err
	} else if st.Size() != r.size {
		if err := f.Truncate(r.size); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(data, r.size); err != nil {
		return err
	}
	r.size += int64(len(data))
	return nil
}

// addDurable appends one word that lasts when it returns, if the file's name does.
func (r *record) addDurable(f *os.File, word record) error {
	was := r.size
	err := r.add(f, word)
	if err == nil {
		err = unix.Fdatasync(int(f.Fd()))
	}
	if err != nil {
		r.size = was
		_ = f.Truncate(was) // nothing was done for this word: it must not be read
	}
	return err
}
