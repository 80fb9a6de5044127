package remote

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"drover/fault"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

func TestManyCallersShareOneDial(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			r, err := p.Run(t.Context(), s.target(), "echo $((6*7))", nil)
			if err != nil || string(r.Stdout) != "42\n" {
				t.Errorf("%v %q", err, r.Stdout)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, s.handshakes.Load())
	require.EqualValues(t, 30, s.execs.Load())
	require.LessOrEqual(t, s.most.Load(), int32(10), "sessions at once stay within sshd's MaxSessions")
}

func TestBrokenConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	for i := range 5 {
		_, err := p.Run(t.Context(), s.target(), ":", nil)
		require.NoError(t, err, i)
		s.dropAll()
	}
	require.EqualValues(t, 5, s.handshakes.Load())
	require.EqualValues(t, 5, s.execs.Load(), "each command ran exactly once")
}

func TestConnectionLostMidCommand(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	in, feed := io.Pipe()
	go func() {
		_, _ = feed.Write([]byte("go\n")) // the command has begun once this is read
		s.dropAll()
	}()
	_, err := p.Run(t.Context(), s.target(), "read word; sleep 60", in)
	_ = feed.Close()
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	require.True(t, fault.As(err).Retryable)
	require.Equal(t, "cln-00000001", fault.As(err).Node)
	require.EqualValues(t, 1, s.execs.Load(), "a command that began is not run again")
}

func TestHandshakeDeadlineCoversEveryPhase(t *testing.T) {
	t.Parallel()
	phases := map[string]func(s *server, stall chan struct{}){
		"version": func(s *server, stall chan struct{}) { s.beforeHandshake = func(net.Conn) { <-stall } },
		"authentication": func(s *server, stall chan struct{}) {
			s.config.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
				<-stall
				return nil, nil
			}
		},
		"key exchange": func(s *server, stall chan struct{}) {
			s.beforeHandshake = func(c net.Conn) {
				_, _ = c.Write([]byte("SSH-2.0-stalled\r\n"))
				<-stall
			}
		},
	}
	for name, inject := range phases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stall := make(chan struct{})
			s := newServer(t, func(s *server) { inject(s, stall) })
			t.Cleanup(func() { close(stall) }) // before the server waits for its connections
			p := newPool(t, Options{Signer: s.user, DialTimeout: 200 * time.Millisecond})
			_, err := p.Run(t.Context(), s.target(), ":", nil)
			require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
			require.True(t, fault.As(err).Retryable)
			require.Contains(t, err.Error(), "in time")
		})
	}
}

func TestStalledNodesDoNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	stall := make(chan struct{})
	dead := newServer(t, func(s *server) { s.beforeHandshake = func(net.Conn) { <-stall } })
	t.Cleanup(func() { close(stall) })
	good := newServer(t, func(s *server) { s.user = dead.user })
	p := newPool(t, Options{Signer: dead.user, Handshakes: 1, DialTimeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range 3 { // three targets: same address, different user
		target := dead.target()
		target.User = strings.Repeat("u", i+1)
		go func() { _, _ = p.Run(ctx, target, ":", nil) }()
	}
	_, err := p.Run(t.Context(), good.target(), ":", nil) // would take three minutes behind the dead ones
	require.NoError(t, err)
}

func TestChangedHostKey(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	target := s.target()
	pinned := newSigner(t).PublicKey()
	target.HostKey = authorizedLine(pinned)
	_, err := p.Run(t.Context(), target, ":", nil)
	f := fault.As(err)
	require.NotNil(t, f)
	require.Equal(t, fault.HostKeyChanged, f.Type)
	require.False(t, f.Retryable)
	require.Equal(t, target.NodeID, f.Node)
	require.Contains(t, f.Error(), ssh.FingerprintSHA256(pinned))
	require.Contains(t, f.Error(), ssh.FingerprintSHA256(s.host.PublicKey()))
	require.NotEmpty(t, f.Hint)
}

func TestRefusedKey(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: newSigner(t)})
	_, err := p.Run(t.Context(), s.target(), ":", nil)
	require.True(t, fault.Is(err, fault.Unauthorized), "%v", err)
	require.False(t, fault.As(err).Retryable)
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	_ = s.ln.Close()
	p := newPool(t, Options{Signer: s.user})
	_, err := p.Run(t.Context(), s.target(), ":", nil)
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	require.True(t, fault.As(err).Retryable)
}

func TestInvalidTargetTellsEveryProblem(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{Signer: newSigner(t)})
	_, err := p.Run(t.Context(), Target{NodeID: "cln-x", Addr: "nowhere"}, ":", nil)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.Len(t, fault.As(err).Problems, 3)
}

func TestKeepaliveFindsDeadLink(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	px := newProxy(t, s.ln.Addr().String())
	target := px.via(s.target())
	p := newPool(t, Options{Signer: s.user, KeepaliveInterval: 500 * time.Millisecond, KeepaliveMisses: 3})
	in, feed := io.Pipe()
	go func() {
		_, _ = feed.Write([]byte("go\n"))
		px.swallow()
	}()
	_, err := p.Run(t.Context(), target, "read word; sleep 60", in) // returns only because the keepalive gives up
	_ = feed.Close()
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	px.heal()
	_, err = p.Run(t.Context(), target, ":", nil)
	require.NoError(t, err)
}

func TestDeadLinkIsReplacedBeforeKeepaliveNotices(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	px := newProxy(t, s.ln.Addr().String())
	target := px.via(s.target())
	p := newPool(t, Options{Signer: s.user, KeepaliveInterval: time.Hour, DialTimeout: 3 * time.Second})
	_, err := p.Run(t.Context(), target, ":", nil)
	require.NoError(t, err)
	px.swallow()
	px.heal()
	_, err = p.Run(t.Context(), target, ":", nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, s.handshakes.Load())
}

func TestIdleConnectionIsClosedAndUsedOneIsNot(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user, IdleTimeout: 20 * time.Millisecond})
	_, err := p.Run(t.Context(), s.target(), "sleep 0.2", nil)
	require.NoError(t, err, "ten idle times long, and in use")
	p.mu.Lock()
	c := p.conns[keyOf(s.target())]
	p.mu.Unlock()
	if c != nil {
		<-c.done
	}
	_, err = p.Run(t.Context(), s.target(), ":", nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, s.handshakes.Load())
}

func TestOneCallerGivingUpLeavesTheDialToOthers(t *testing.T) {
	t.Parallel()
	stall := make(chan struct{})
	s := newServer(t, func(s *server) { s.beforeHandshake = func(net.Conn) { <-stall } })
	p := newPool(t, Options{Signer: s.user})
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := p.Run(ctx, s.target(), ":", nil); first <- err }()
	go func() { _, err := p.Run(t.Context(), s.target(), ":", nil); second <- err }()
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	close(stall)
	require.NoError(t, <-second)
	require.EqualValues(t, 1, s.handshakes.Load())
}

func TestClosedPool(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := New(Options{Signer: s.user})
	_, err := p.Run(t.Context(), s.target(), ":", nil)
	require.NoError(t, err)
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	_, err = p.Run(t.Context(), s.target(), ":", nil)
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
}
