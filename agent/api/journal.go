package api

// Bounds of what one call reads of the journal.
const (
	// ListLimit is how many commands a CommandList has at most.
	ListLimit = 1000
	// OutputLimit is how many bytes of output a CommandOutput has at most.
	OutputLimit = 64 << 10
	// BeforeLimit is how many bytes CommandOutput.Before has at most.
	BeforeLimit = 4 << 10
)

// CommandList is the newest commands of the journal, newest first.
type CommandList struct {
	Commands []CommandEntry `json:"commands"`
	// More: older commands match too, and were left out.
	More bool `json:"more,omitempty"`
}

// CommandEntry is a command in a list: its CommandStatus without output.
type CommandEntry struct {
	ID        string `json:"id"`
	Label     string `json:"label,omitempty"`
	State     string `json:"state"`
	ExitCode  int    `json:"exit_code"`
	TimedOut  bool   `json:"timed_out,omitempty"`
	Canceled  bool   `json:"canceled,omitempty"`
	StartedAt string `json:"started_at"`
	EndedAt   string `json:"ended_at,omitempty"`
	Detail    string `json:"detail,omitempty"`
}

// CommandOutput is a part of what a command printed, stdout and stderr together. Positions are bytes since its start.
type CommandOutput struct {
	From int64  `json:"from"`
	Text string `json:"text"`
	// Before is what stands in front of From, at most BeforeLimit bytes: a secret may begin there.
	Before string `json:"before,omitempty"`
	// Next is where to read on; it is Size when this is all there is for now.
	Next int64 `json:"next"`
	Size int64 `json:"size"`
	// Ended: the command runs no more. The output of a running one ends with a whole line.
	Ended bool `json:"ended"`
	// Secrets are the Secrets of the Command: Text may hold them.
	Secrets []string `json:"secrets,omitempty"`
}
