package pack

// BeatsKey is the folder, below the prefix of all keys, of what agents report: BeatsKey/<cluster>/<node> holds a Beat as JSON.
const BeatsKey = "health"

// Beat is what an agent reports of its node, at once when something changes and otherwise every BeatEvery. It holds no output of
// commands: a package may print secrets.
type Beat struct {
	// At is the node's time of the report. Consul does not note a write of the value that a key has already, so that every beat
	// must be another value; clocks of nodes are compared with nothing.
	At string `json:"at"`
	// Health is "healthy", "unhealthy", "unknown" or "disabled", Since the node's time at which it became so, and Reason why it
	// is not healthy.
	Health string `json:"health"`
	Since  string `json:"since,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Revision is the applied one.
	Revision int64 `json:"revision"`
	// Failing are the templates and reload commands that fail, FailingSince the node's time at which the first of them did.
	Failing      []string `json:"failing,omitempty"`
	FailingSince string   `json:"failing_since,omitempty"`
	Version      string   `json:"version,omitempty"`
}

// Limits of a Beat, in bytes and entries. Readers cut what is longer: any process with the cluster's token can write one.
const (
	BeatText    = 200
	BeatFailing = 5
	BeatSize    = 4 << 10
)
