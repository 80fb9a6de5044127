// Package api is the wire between Drover and the agent on a node: the paths, the requests and the answers, and nothing
// else (standard library only). The agent serves it on a unix socket that only root can open; remote speaks it through
// an SSH channel to that socket, and drover-agent's own subcommands use the socket directly.
//
// HTTP/1.1 with JSON bodies:
//
//	GET    /v1/status                       -> Status
//	GET    /v1/now                          -> Now            the node's clock, for Command.AsOf
//	POST   /v1/sync         SyncRequest     -> SyncResult     blocks until applied or timeout
//	POST   /v1/reload                       -> SyncResult     re-reads conf.d, applies the current revision again
//	POST   /v1/preview      PreviewRequest  -> PreviewResult  files that a change of keys would replace; writes and runs nothing
//	DELETE /v1/pass/command                 -> Status         ends the check_cmd or reload_cmd that the running pass waits for
//	PUT    /v1/commands/{id}?wait=SECONDS   Command -> CommandStatus   launches once per id, then waits up to SECONDS
//	GET    /v1/commands/{id}?wait=SECONDS   -> CommandStatus  attach
//	DELETE /v1/commands/{id}?wait=SECONDS   -> CommandStatus  cancel: TERM, grace, KILL of the process group
//	GET    /v1/commands?match=PATTERN&limit=N           -> CommandList    the newest whose ids match (path.Match)
//	GET    /v1/commands/{id}/output?from=BYTE&limit=N   -> CommandOutput  from < 0: so many bytes before the end
//	PUT    /v1/config       Config          -> Status         replaces the health check and monitor settings
//
// Errors are {"error": "...", "type": "NotFound"} with a 4xx or 5xx status; types are those of package fault.
package api

import (
	"encoding/json"
	"fmt"
	"time"
)

// Files and folders on a node.
const (
	Socket     = "/run/drover/agent.sock"
	Binary     = "/opt/drover/bin/drover-agent"
	ConfigFile = "/etc/drover/agent.json" // 0600: holds the Consul token
	JournalDir = "/var/lib/drover/journal"
	StateDir   = "/var/lib/drover"
	LogDir     = "/var/log/drover"
	ConfDir    = "/etc/confd"
	// ServicesDir is where a node's own small init (local and docker nodes) looks for services to keep running: every
	// executable file in it is started at boot and on SIGHUP to process 1, and started again when it ends.
	ServicesDir = "/etc/drover/services"
	// OperatorKeys is the file with the key that logs in whatever becomes of root's own authorized_keys: packages whose
	// nodes log in to each other write that file from a template. Read by the SSH server of local and docker nodes.
	OperatorKeys = "/etc/ssh/drover_authorized_keys"
	// OutputTail is how much of a command's output travels in a CommandStatus, in bytes.
	OutputTail = 4096
	// DefaultGrace is the time between TERM and KILL, in seconds.
	DefaultGrace = 10
)

// PassCommandLimit is the time limit of a check_cmd or reload_cmd whose resource sets none. A barrier waits
// longer by default: a command that hangs is then a failed one, and not a node that does not answer.
const PassCommandLimit = 10 * time.Minute

// Config is the agent's configuration file.
type Config struct {
	ClusterID  string `json:"cluster_id"`
	NodeID     string `json:"node_id"`
	InstanceID string `json:"instance_id"`
	Role       string `json:"role"`
	// Consul is the HTTP address (http://host:port); Token may be empty; KVPrefix defaults to "drover".
	Consul   string `json:"consul"`
	Token    string `json:"token,omitempty"`
	KVPrefix string `json:"kv_prefix,omitempty"`
	// MetadataRootAccess makes the template prefix "/" instead of "/self".
	MetadataRootAccess bool `json:"metadata_root_access,omitempty"`
	// MetadataListen are the addresses of the node's metadata HTTP, e.g. ["127.77.0.5:80"]; empty turns it off.
	MetadataListen []string `json:"metadata_listen,omitempty"`
	// MetricsListen is the address of the node's metrics for Prometheus, e.g. "127.77.0.5:9465"; empty turns them off.
	MetricsListen string       `json:"metrics_listen,omitempty"`
	HealthCheck   *HealthCheck `json:"health_check,omitempty"`
	Monitor       *Monitor     `json:"monitor,omitempty"`
}

// HealthCheck is what the agent runs to learn whether the application on its node is healthy, as the package describes it.
// Times are seconds, thresholds are counts of results in a row.
type HealthCheck struct {
	Enable             bool   `json:"enable"`
	IntervalSec        int    `json:"interval_sec"`
	TimeoutSec         int    `json:"timeout_sec"`
	ActionTimeoutSec   int    `json:"action_timeout_sec"`
	HealthyThreshold   int    `json:"healthy_threshold"`
	UnhealthyThreshold int    `json:"unhealthy_threshold"`
	CheckCmd           string `json:"check_cmd"`
	ActionCmd          string `json:"action_cmd"`
}

// Status is what the agent is doing.
type Status struct {
	Version    string `json:"version"`
	ClusterID  string `json:"cluster_id"`
	NodeID     string `json:"node_id"`
	InstanceID string `json:"instance_id"`
	// Revision is the last applied one, 0 before the first.
	Revision int64 `json:"revision"`
	// ConsulOK is false while Consul cannot be reached; Waiting says since when and why in words.
	ConsulOK bool      `json:"consul_ok"`
	Waiting  string    `json:"waiting,omitempty"`
	Warnings []Warning `json:"warnings,omitempty"`
	// Health is "healthy", "unhealthy", "unknown", or "disabled".
	Health string `json:"health"`
	// Running are ids of commands that are running now.
	Running []string `json:"running,omitempty"`
	// Pass is the pass over the configuration that runs now; absent while none does.
	Pass *Pass `json:"pass,omitempty"`
	// Monitor is the newest JSON object the monitor command printed; absent while monitoring is off or failing.
	Monitor json.RawMessage `json:"monitor,omitempty"`
	// Fingerprint identifies the program file and the settings the agent runs with: `drover-agent start` restarts an
	// agent whose fingerprint is not the one it would start.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Pass is one walk over the resources of conf.d, by the node's clock.
type Pass struct {
	Revision int64     `json:"revision"`
	Since    time.Time `json:"since"`
	// Command is what the pass waits for; nil while it renders and writes.
	Command *PassCommand `json:"command,omitempty"`
}

// PassCommand is a check_cmd or reload_cmd that runs.
type PassCommand struct {
	Kind     string    `json:"kind"`     // "check" or "reload"
	Resource string    `json:"resource"` // file name below conf.d
	Cmd      string    `json:"cmd"`      // its beginning
	Since    time.Time `json:"since"`
	Deadline time.Time `json:"deadline"` // when the agent ends it
}

// String names the command, its resource and its time: `reload_cmd of a.toml since 20:41:02 UTC, limit 10m0s: systemctl reload a`.
func (c PassCommand) String() string {
	return fmt.Sprintf("%s_cmd of %s since %s, limit %s: %s", c.Kind, c.Resource, c.Since.UTC().Format(time.TimeOnly+" MST"),
		c.Deadline.Sub(c.Since).Round(time.Second), c.Cmd)
}

// Waits is what keeps the agent from applying a newer revision: the command that its pass waits for, else its own words.
func (st Status) Waits() string {
	if st.Pass != nil && st.Pass.Command != nil {
		return st.Pass.Command.String()
	}
	return st.Waiting
}

// Warning is one resource that could not be applied, or one reload that failed.
type Warning struct {
	Resource string `json:"resource"` // file name below conf.d
	What     string `json:"what"`     // "parse", "render", "check", "write", "reload"; "listen" for metadata HTTP
	Message  string `json:"message"`
	Output   string `json:"output,omitempty"` // tail of the command's output, at most 1 KiB
}

// SyncRequest waits for a revision.
type SyncRequest struct {
	Revision   int64 `json:"revision"`
	TimeoutSec int   `json:"timeout_sec"`
}

// SyncResult: Revision is at least the requested one, unless the answer is an error of type BarrierTimeout.
type SyncResult struct {
	Revision int64     `json:"revision"`
	Warnings []Warning `json:"warnings,omitempty"`
	// Changed is how many files the pass that reached Revision swapped.
	Changed int `json:"changed"`
}

// Command is what to launch: Cmd goes unchanged to /bin/sh -c as root, cwd "/".
type Command struct {
	// Run names the operation's run: an id that was launched by another run is refused.
	Run        string `json:"run,omitempty"`
	Cmd        string `json:"cmd"`
	TimeoutSec int    `json:"timeout_sec"` // > 0
	GraceSec   int    `json:"grace_sec"`   // 0: DefaultGrace
	// Env are extra KEY=value pairs.
	Env []string `json:"env,omitempty"`
	// Label is for people: "etcd_node start".
	Label string `json:"label,omitempty"`
	// AsOf is what /v1/now said before it was made sure that the command is wanted; "" is as of now. A command that is not
	// known yet begins only within StaleAfter of that: a caller that was held up on the way checks again.
	AsOf string `json:"as_of,omitempty"`
	// Secrets are values that the output may hold and that people must not see. They are kept with the command, since those
	// of the cluster may be others by the time its output is read.
	Secrets []string `json:"secrets,omitempty"`
	// Stdout asks for up to 64 KiB of standard output alone in CommandStatus.Stdout (custom_metadata, selectors).
	Stdout bool `json:"stdout,omitempty"`
}

// StaleAfter is how old a decision to begin a command may be. It is shorter than an activity may be silent before it is
// given up, so that no other process begins what was given up meanwhile.
const StaleAfter = 8 * time.Second

// Now is the node's clock, in a form that only the node reads.
type Now struct {
	Now string `json:"now"`
}

// Command states.
const (
	StateRunning = "running"
	StateExited  = "exited"  // ExitCode says how
	StateUnknown = "unknown" // began, and how it ended cannot be known; Detail says why
)

// CommandStatus is the journal's view of a command.
type CommandStatus struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	ExitCode int    `json:"exit_code"` // 128+n when ended by signal n
	TimedOut bool   `json:"timed_out,omitempty"`
	Canceled bool   `json:"canceled,omitempty"`
	// StartedAt and EndedAt are RFC 3339 with nanoseconds, UTC, by the node's clock.
	StartedAt string `json:"started_at"`
	EndedAt   string `json:"ended_at,omitempty"`
	// Output is the tail of stdout and stderr together, at most OutputTail bytes; Truncated says more is on the node.
	Output    string `json:"output,omitempty"`
	Truncated bool   `json:"truncated,omitempty"`
	Stdout    string `json:"stdout,omitempty"`
	// LastLine is the last non-empty output line, for progress.
	LastLine string `json:"last_line,omitempty"`
	// Detail is why the state is StateUnknown, or what keeps a running command from ending, in words for operators.
	Detail string `json:"detail,omitempty"`
}

// Progress is the line to show while the command runs: what keeps it from ending, or what it printed last.
func (st CommandStatus) Progress() string {
	if st.State == StateRunning && st.Detail != "" {
		return st.Detail
	}
	return st.LastLine
}

// Error is the body of a refused or failed call.
type Error struct {
	Error string `json:"error"`
	Type  string `json:"type"`
}
