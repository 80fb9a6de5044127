package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drover/agent/api"
	"drover/fault"

	"golang.org/x/sys/unix"
)

// Names in a command's folder; doc.go says what they mean.
const (
	recordName = "record"
	aliveName  = "alive"
	ctlName    = "ctl"
	cancelName = "cancel"
	outputName = "output"
	olderName  = "output.1"
	beginsName = "output.begins"
)

// entry is one command's folder.
type entry struct {
	id  string
	dir string
}

func (e entry) path(name string) string { return filepath.Join(e.dir, name) }

func (e entry) has(name string) bool {
	_, err := os.Lstat(e.path(name))
	return err == nil
}

// plan makes the command's folder and its intent, with room for its result; nothing has started when it returns. A power
// loss may take both away again: the word that the command began makes them last (supervisor.begin).
func (e entry) plan(c api.Command) error {
	if err := os.Mkdir(e.dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	for _, fifo := range []string{aliveName, ctlName} {
		if err := unix.Mkfifo(e.path(fifo), 0o600); err != nil && err != unix.EEXIST {
			return &os.PathError{Op: "mkfifo", Path: e.path(fifo), Err: err}
		}
	}
	word := record{Intent: &intent{ID: e.id, Command: c, CreatedAt: stamp(time.Now())}}
	f, err := os.CreateTemp(e.dir, ".intent-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	r := record{Intent: word.Intent}
	if err := r.add(f, word); err != nil {
		return err
	}
	if err := r.reserve(f); err != nil {
		return err
	}
	// The intent appears whole or not at all, and never in place of another process's: on that, a supervisor may be at work.
	if err := os.Link(f.Name(), e.path(recordName)); !os.IsExist(err) {
		return err
	}
	return e.planAnew(word)
}

// planAnew writes the intent into a record that a power loss left without one. Under the lock, since others may do the
// same; the first process has said what the command is.
func (e entry) planAnew(word record) error {
	f, err := takeLock(e.path(recordName))
	if err != nil || f == nil {
		return err
	}
	defer dropLock(f)
	r, err := readRecord(f)
	if err != nil || r.Intent != nil {
		return err
	}
	return r.add(f, word)
}

// phase is what is on disk, finer than the states of the wire.
type phase int

const (
	absent  phase = iota // no intent: never heard of, or the agent died while it wrote it
	planned              // intent, never started
	running
	exited
	unknown
)

// look reads the state from disk. The order of the looks matters. A result counts once the lock is free: then it is
// durable, and one that was not there before is looked for again. And a command is unknown only if it had begun before
// the lock was seen free: otherwise its supervisor may be starting just now.
func (e entry) look() (phase, record, error) {
	f, err := os.Open(e.path(recordName)) // for reading alone: the disk may be read-only by now
	if os.IsNotExist(err) {
		return absent, record{}, nil
	}
	if err != nil {
		return absent, record{}, broken(e, err)
	}
	defer f.Close()
	r, err := readRecord(f)
	if err != nil {
		return absent, r, broken(e, err)
	}
	held, err := lockHeld(f)
	if err != nil {
		return absent, r, broken(e, err)
	}
	began := r.Started != nil
	if !held && r.Result == nil {
		if r, err = readRecord(f); err != nil {
			return absent, r, broken(e, err)
		}
	}
	switch {
	case held:
		return running, r, nil
	case r.Result != nil:
		return exited, r, nil
	case began:
		return unknown, r, nil
	case r.Intent != nil:
		return planned, r, nil
	}
	return absent, r, nil
}

// held says whether a supervisor has the command. A missing record is not held.
func (e entry) held() (bool, error) {
	f, err := os.Open(e.path(recordName))
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	return lockHeld(f)
}

// status is everything the wire wants to know.
func (e entry) status() (phase, api.CommandStatus, error) {
	p, r, err := e.look()
	if err != nil {
		return p, api.CommandStatus{ID: e.id}, err
	}
	return p, e.describe(p, r), nil
}

// describe puts what look found into the words of the wire.
func (e entry) describe(p phase, r record) api.CommandStatus {
	st := api.CommandStatus{ID: e.id}
	switch p {
	case absent, planned:
		return st
	case exited:
		end := r.Result
		st.State, st.ExitCode, st.TimedOut, st.Canceled = api.StateExited, end.ExitCode, end.TimedOut, end.Canceled
		st.StartedAt, st.EndedAt = end.StartedAt, end.EndedAt
		st.Output, st.Truncated, st.Stdout, st.LastLine = end.Output, end.Truncated, end.Stdout, end.LastLine
		return st
	}
	if r.Started != nil {
		st.StartedAt = r.Started.StartedAt
	}
	tail, total := readTail(e)
	st.Output, st.Truncated, st.LastLine = text(tail, api.OutputTail), total > api.OutputTail, lastLine(tail)
	if p == running {
		st.State, st.Detail = api.StateRunning, e.trouble(r)
		return st
	}
	st.State = api.StateUnknown
	st.Detail = "its supervisor was killed while it ran"
	if r.Started.BootID != bootID() {
		st.Detail = "the node went down while it ran"
	}
	return st
}

// trouble says what keeps a running command from ending, or its result from being known; "" when nothing does.
func (e entry) trouble(r record) string {
	if r.Started == nil || r.Group == nil {
		return ""
	}
	if supervisor, ok := r.Started.Supervisor.stat(); ok && supervisor.stopped() {
		return fmt.Sprintf("its supervisor, process %d, is stopped", r.Started.Supervisor.PID)
	}
	if _, ok := r.Group.leader().stat(); ok {
		return ""
	}
	if disk := diskTrouble(e.dir); disk != "" {
		return "it has ended and its result cannot be written: " + disk
	}
	return ""
}

// broken is an entry that cannot be read: never the package's fault, always worth a look.
func broken(e entry, err error) error {
	return fault.Wrap(err, fault.Internal, "read journal entry %s", e.dir)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// bootID names this boot of the machine.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(b))
}
