package remote

import (
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/crypto/ssh"
)

// Options configure a Pool. Signer is required; every other zero value means the default in the package comment.
type Options struct {
	// Signer is the private key of the authorized key on nodes.
	Signer ssh.Signer
	// DialTimeout is the deadline on a whole handshake, and on opening one channel.
	DialTimeout time.Duration
	// KeepaliveInterval is the time between keepalives; KeepaliveMisses intervals without an answer close a connection.
	KeepaliveInterval time.Duration
	KeepaliveMisses   int
	// IdleTimeout closes a connection that was not used for that long.
	IdleTimeout time.Duration
	// GiveUp is how long Agents.Run retries while a node does not answer, counted from its first failure.
	GiveUp time.Duration
	// MaxSessions bounds the concurrent sessions (commands, uploads) on one connection, default 5: half of sshd's own
	// default of 10. Half, because sshd may read the close of one session and the open of the next before it frees the
	// first, and then counts both. Streams to unix sockets do not count and are not bounded.
	MaxSessions int
	// Handshakes bounds the concurrent key exchanges of this process; see dialSlots.
	Handshakes int
	// Logger gets a line per lost connection; default: no logs.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.DialTimeout, 10*time.Second)
	def(&o.KeepaliveInterval, 5*time.Second)
	def(&o.IdleTimeout, 5*time.Minute)
	def(&o.GiveUp, 5*time.Minute)
	if o.KeepaliveMisses <= 0 {
		o.KeepaliveMisses = 3
	}
	if o.MaxSessions <= 0 {
		o.MaxSessions = 5
	}
	if o.Handshakes <= 0 {
		o.Handshakes = 8 * runtime.GOMAXPROCS(0)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
