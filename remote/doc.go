// Package remote connects Drover to nodes: SSH connections that are kept and shared, small administrative commands,
// uploads over SFTP, byte streams to unix sockets on a node, and on top of these Agents, the adapter through which
// activities call the drover-agent of each node.
//
// Commands of application packages (init, start, scale_out, ...) never run through Pool.Run: the agent launches and
// journals them, so that a lost connection can neither kill nor repeat them. Pool.Run is for the few lines of shell
// that install and start the agent. This package never uses Session.Signal.
//
// It is not a general SSH client: one key, pinned host keys only (no trust on first use, no known_hosts file), modern
// algorithms only, no forwarding to TCP ports, no terminals. It makes no decisions about clusters.
//
// Callers: activities (through interfaces they declare), providers that check whether SSH answers, and worker, which
// builds the one Pool of the process.
//
// # Times
//
// All are time.Duration fields of Options; a zero value means the default.
//
//	DialTimeout        10 s    one deadline over TCP connect, version exchange, key exchange and authentication, and
//	                           the same again over opening one channel on a connection that exists
//	KeepaliveInterval  5 s     between keepalive@openssh.com requests on each connection
//	KeepaliveMisses    3       intervals without an answer after which the connection is closed
//	IdleTimeout        5 min   a connection without sessions and streams is closed after this
//	GiveUp             5 min   how long Agents.Run retries while a node does not answer (longer than a reboot)
//
// Every call also ends when its context does. A deadline gives a retryable Unreachable; so does a cancellation, for
// which errors.Is(err, context.Canceled) is true.
//
// # Faults
//
//	HostKeyChanged  the node offered another key than the pinned one; both fingerprints are in the text
//	Unauthorized    the node refuses Drover's key
//	Unreachable     refused, reset, timed out, closed in the middle; retryable
//	Invalid         a target or argument that can never work
//
// Texts name node, address and the attempted action. They never contain command text, standard input or file contents.
package remote
