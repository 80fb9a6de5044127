package api

import "fmt"

// ReadLogsInput reads what commands printed on the nodes of a cluster, from their journals. An answer is bounded: it is read
// on with From while its More is set.
type ReadLogsInput struct {
	ClusterID string `json:"cluster_id,omitempty"`
	// Nodes are ids; default: all.
	Nodes []string `json:"nodes,omitempty"`
	// Operation is the number of an operation; 0 is the one that runs, else the last that ran commands.
	Operation int `json:"operation,omitempty"`
	// Step is one of its steps ("CC4"); "" is all.
	Step string `json:"step,omitempty"`
	// From are positions to read on from, by command id; LogRead is a command of which everything was read. The others are
	// read from their beginning, or, with Tail, from so many bytes before their end.
	From map[string]int64 `json:"from,omitempty"`
	Tail int              `json:"tail,omitempty"`
	// WaitSec waits for something new, up to so many seconds, while the operation runs; at most MaxLogWait.
	WaitSec int `json:"wait_sec,omitempty"`
}

// LogRead in ReadLogsInput.From is a command that has ended and of which everything was read.
const LogRead = -1

// MaxLogWait is the longest time, in seconds, that a ReadLogs waits for something new.
const MaxLogWait = 15

// Problems lists everything that is wrong with the input.
func (in ReadLogsInput) Problems() []string {
	var out []string
	if in.Operation < 0 {
		out = append(out, fmt.Sprintf("operation %d: must be positive", in.Operation))
	}
	if in.Tail < 0 {
		out = append(out, fmt.Sprintf("tail %d: must not be negative", in.Tail))
	}
	if in.WaitSec < 0 || in.WaitSec > MaxLogWait {
		out = append(out, fmt.Sprintf("wait_sec %d: must be between 0 and %d", in.WaitSec, MaxLogWait))
	}
	return out
}

// Logs is the result of ReadLogs. Secrets of the package and of the cluster are removed.
type Logs struct {
	ClusterID string `json:"cluster_id"`
	// Operation is the number of the operation; 0 when no node knows a command of the cluster.
	Operation int `json:"operation"`
	// Running: the operation has not ended; more may come.
	Running bool `json:"running"`
	// Commands in the order they began.
	Commands []CommandLog `json:"commands"`
	// More: not everything that is on the nodes was read.
	More bool `json:"more,omitempty"`
	// Silent are nodes whose journal could not be read.
	Silent []SilentNode `json:"silent,omitempty"`
}

// CommandLog is one command on one node, with a part of its output.
type CommandLog struct {
	ID       string `json:"id"`
	Node     string `json:"node"` // "etcd_node/1"
	NodeID   string `json:"node_id"`
	Run      string `json:"run"` // end of the id of the operation's run
	Step     string `json:"step"`
	Service  string `json:"service"`
	PreCheck bool   `json:"pre_check,omitempty"`
	// Again counts how often an operator had the command run again before.
	Again int `json:"again,omitempty"`
	// State is running, exited or unknown.
	State     string `json:"state"`
	ExitCode  int    `json:"exit_code"`
	TimedOut  bool   `json:"timed_out,omitempty"`
	Canceled  bool   `json:"canceled,omitempty"`
	StartedAt string `json:"started_at"`
	EndedAt   string `json:"ended_at,omitempty"`
	Detail    string `json:"detail,omitempty"`
	// Output are the bytes From to Next of Size, stdout and stderr together.
	Output string `json:"output"`
	From   int64  `json:"from"`
	Next   int64  `json:"next"`
	Size   int64  `json:"size"`
}

// SilentNode is a node that could not be asked.
type SilentNode struct {
	Node   string `json:"node"`
	NodeID string `json:"node_id"`
	Why    string `json:"why"`
}
