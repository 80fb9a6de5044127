// Package remote is how Drover reaches nodes: SSH connections that are kept and shared, small administrative commands,
// uploads over SFTP, byte streams to unix sockets on a node, and on top of these Agents, the adapter through which
// activities talk to the drover-agent of each node.
//
// Package commands (init, start, scale_out, ...) never run through Pool.Run: they are launched in the agent, which
// journals them, so that a lost connection can neither kill nor repeat them. Pool.Run is for the few lines of shell
// that install and start the agent. Nothing here uses Session.Signal.
//
// It is not a general SSH client: one key, pinned host keys only (no trust on first use, no known_hosts file), modern
// algorithms only, no forwarding to TCP ports, no terminals. It decides nothing about clusters.
//
// Callers: activities (through interfaces they declare), providers that want to know whether SSH answers, and worker,
// which builds the one Pool of the process.
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
//	GiveUp             5 min   how long Agents.Run goes on while a node does not answer (a reboot fits in)
//
// Every call also ends when its context does. A deadline gives a retryable Unreachable; so does a cancellation, which
// errors.Is(err, context.Canceled) tells apart.
//
// # Faults
//
//	HostKeyChanged  the node offered another key than the pinned one; both fingerprints are in the text
//	Unauthorized    the node refuses our key
//	Unreachable     refused, reset, timed out, closed in the middle; retryable
//	Invalid         a target or argument that can never work
//
// Texts name node, address and what was tried. They never contain command text, standard input or file contents.
package remote
