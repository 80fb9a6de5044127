package api

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// ExecCommandInput runs an operator's command once on one node, under the workflow id exec/<cluster id>/<unique>. It is not an
// operation: it runs beside them, and changes nothing of the cluster's record.
type ExecCommandInput struct {
	ClusterID string `json:"cluster_id,omitempty"`
	// Node is the id of the node.
	Node string `json:"node"`
	// Command is a program and its arguments, which no shell reads. They are in the history of the workflow.
	Command []string `json:"command"`
	// Timeout ends the command, "30s" or "2h", at most "24h". Default: DefaultExecTimeout.
	Timeout string `json:"timeout,omitempty"`
}

// Limits of an operator's command.
const (
	DefaultExecTimeout = 5 * time.Minute
	maxExecTimeout     = 24 * time.Hour
	maxExecWords       = 256
	maxExecBytes       = 32 << 10
)

// ExecFresh is how long an operator's command may wait for a worker. After that it does not run: its caller has given up.
const ExecFresh = time.Minute

// Executed is the result of ExecCommand. Secrets of the package and of the cluster are removed from the output.
type Executed struct {
	ClusterID string   `json:"cluster_id"`
	Node      string   `json:"node"` // "etcd_node/1"
	NodeID    string   `json:"node_id"`
	Command   []string `json:"command"`
	ExitCode  int      `json:"exit_code"` // 128+n when signal n ended it
	TimedOut  bool     `json:"timed_out,omitempty"`
	Canceled  bool     `json:"canceled,omitempty"` // ended on the node, not by this caller
	StartedAt string   `json:"started_at"`
	EndedAt   string   `json:"ended_at"`
	// Output are the last 64 KiB of stdout and stderr together, from byte From on.
	Output string `json:"output"`
	From   int64  `json:"from"`
}

// OK reports whether the command ended by itself with exit code 0.
func (e Executed) OK() bool { return e.ExitCode == 0 && !e.TimedOut && !e.Canceled }

// Ending says how the command ended: "exit code 3", "timed out".
func (e Executed) Ending() string {
	switch {
	case e.TimedOut:
		return "timed out"
	case e.Canceled:
		return "ended by another"
	}
	return fmt.Sprintf("exit code %d", e.ExitCode)
}

// Limit is how long the command may run.
func (in ExecCommandInput) Limit() time.Duration {
	if d, err := time.ParseDuration(in.Timeout); err == nil && d > 0 {
		return d
	}
	return DefaultExecTimeout
}

// Line is the command as one line for people.
func (in ExecCommandInput) Line() string {
	words := make([]string, len(in.Command))
	for i, w := range in.Command {
		words[i] = ShellWord(w)
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9%+,./:=@_-]+$`)

// ShellWord is s as people type it for a POSIX shell: one word, quoted where that is needed.
func ShellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Problems lists everything that is wrong with the input; empty when it can be used. Arguments are not repeated.
func (in ExecCommandInput) Problems() []string {
	p := DescribeClusterInput{ClusterID: in.ClusterID}.Problems()
	if in.Node == "" {
		p = append(p, "node: required, the id (cln-xxxxxxxx) of a node")
	}
	if in.Timeout != "" {
		if d, err := time.ParseDuration(in.Timeout); err != nil || d < time.Second || d > maxExecTimeout {
			p = append(p, fmt.Sprintf("timeout: %q is not a duration from 1s to 24h, such as 90s or 2h", in.Timeout))
		}
	}
	if len(in.Command) == 0 || in.Command[0] == "" {
		return append(p, "command: empty; a program and its arguments are required")
	}
	if strings.HasPrefix(in.Command[0], "-") {
		p = append(p, fmt.Sprintf("command: the program %q begins with a dash, like an option", in.Command[0]))
	}
	size := 0
	for i, word := range in.Command {
		size += len(word)
		if strings.ContainsRune(word, 0) || !utf8.ValidString(word) {
			p = append(p, fmt.Sprintf("command: word %d is not text: it has a NUL byte or is not UTF-8", i+1))
		}
	}
	if len(in.Command) > maxExecWords || size > maxExecBytes {
		p = append(p, fmt.Sprintf("command: %d words of %d bytes; at most %d words of %d bytes together can be sent", len(in.Command), size, maxExecWords, maxExecBytes))
	}
	return p
}
