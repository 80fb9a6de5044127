package remote

import (
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/crypto/ssh"
)

// Options configure a Pool. Signer is required; every other zero value means the default told in the package comment.
type Options struct {
	// Signer is the private key nodes know as their authorized key.
	Signer ssh.Signer
	// DialTimeout is the deadline on a whole handshake, and on opening one channel.
	DialTimeout time.Duration
	// KeepaliveInterval is the time between keepalives; KeepaliveMisses intervals without an answer close a connection.
	KeepaliveInterval time.Duration
	KeepaliveMisses   int
	// IdleTimeout closes a connection nobody has used for that long.
	IdleTimeout time.Duration
	// GiveUp is how long Agents.Run endures a node that does not answer, counted from its last answer.
	GiveUp time.Duration
	// MaxSessions bounds the sessions (commands, uploads) at once on one connection, default 5: half of sshd's own
	// MaxSessions, 10 unless configured there. Half, because sshd may read our close of one session and our open of the
	// next before it frees the first, and then counts both. Streams to unix sockets do not count and are not bounded.
	MaxSessions int
	// Handshakes bounds key exchanges at once in this process; see dialSlots.
	Handshakes int
	// Logger gets a line per lost connection; default: silence.
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
