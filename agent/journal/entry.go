package journal

import (
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
	intentName  = "intent.json"
	lockName    = "lock"
	aliveName   = "alive"
	ctlName     = "ctl"
	cancelName  = "cancel"
	startedName = "started.json"
	groupName   = "group.json"
	outputName  = "output"
	olderName   = "output.1"
	resultName  = "result.json"
)

// entry is one command's folder.
type entry struct {
	id  string
	dir string
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

// group identifies the command's process group; StartTicks guards against a pid that was given away again.
type group struct {
	Pgid       int    `json:"pgid"`
	StartTicks uint64 `json:"start_ticks"`
	BootID     string `json:"boot_id"`
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

func (e entry) path(name string) string { return filepath.Join(e.dir, name) }

func (e entry) has(name string) bool {
	_, err := os.Lstat(e.path(name))
	return err == nil
}

// plan makes the command's folder and its intent; nothing has started when it returns. A power loss may take both away
// again: the mark that the command began makes them last (supervisor.begin).
func (e entry) plan(c api.Command) error {
	if err := os.Mkdir(e.dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	for _, fifo := range []string{aliveName, ctlName} {
		if err := unix.Mkfifo(e.path(fifo), 0o600); err != nil && err != unix.EEXIST {
			return &os.PathError{Op: "mkfifo", Path: e.path(fifo), Err: err}
		}
	}
	return writeWhole(e.dir, intentName, intent{ID: e.id, Command: c, CreatedAt: stamp(time.Now())}, true)
}

// phase is what is on disk, finer than the states of the wire.
type phase int

const (
	absent  phase = iota // no intent: never heard of, or its folder was made and the agent died
	planned              // intent, never started
	running
	exited
	unknown
)

// phase reads the state from disk. The order of the looks matters: a supervisor writes the result before it lets go of
// the lock, so a free lock is followed by a second look for the result.
func (e entry) phase() (phase, error) {
	if e.has(resultName) {
		return exited, nil
	}
	if !e.has(intentName) {
		return absent, nil
	}
	held, err := lockHeld(e.path(lockName))
	switch {
	case err != nil:
		return absent, err
	case held:
		return running, nil
	case e.has(resultName):
		return exited, nil
	case e.has(startedName):
		return unknown, nil
	}
	return planned, nil
}

// status reads everything the wire wants to know.
func (e entry) status() (phase, api.CommandStatus, error) {
	st := api.CommandStatus{ID: e.id}
	p, err := e.phase()
	if err != nil {
		return p, st, broken(e, err)
	}
	if p == absent || p == planned {
		return p, st, nil
	}
	if p == exited {
		var r result
		if ok, err := readJSON(e.dir, resultName, &r); !ok || err != nil {
			return p, st, broken(e, err)
		}
		st.State, st.ExitCode, st.TimedOut, st.Canceled = api.StateExited, r.ExitCode, r.TimedOut, r.Canceled
		st.StartedAt, st.EndedAt = r.StartedAt, r.EndedAt
		st.Output, st.Truncated, st.Stdout, st.LastLine = r.Output, r.Truncated, r.Stdout, r.LastLine
		return p, st, nil
	}
	var s started
	if _, err := readJSON(e.dir, startedName, &s); err != nil {
		return p, st, broken(e, err)
	}
	st.StartedAt = s.StartedAt
	tail, total := readTail(e)
	st.Output, st.Truncated, st.LastLine = text(tail, api.OutputTail), total > api.OutputTail, lastLine(tail)
	if p == running {
		st.State = api.StateRunning
		return p, st, nil
	}
	st.State = api.StateUnknown
	st.Detail = "its supervisor was killed in mid command"
	if s.BootID != bootID() {
		st.Detail = "the node went down in mid command"
	}
	return p, st, nil
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
