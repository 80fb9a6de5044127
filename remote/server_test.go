package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// server is an SSH server inside the test: it runs commands with /bin/sh, serves SFTP and joins streams to unix
// sockets, like sshd, and counts what it is asked.
type server struct {
	ln     net.Listener
	config *ssh.ServerConfig
	host   ssh.Signer
	user   ssh.Signer

	// beforeHandshake may stall or close a connection.
	beforeHandshake func(net.Conn)
	handshakes      atomic.Int32
	execs           atomic.Int32
	sessions, most  atomic.Int32

	mu    sync.Mutex
	conns []*ssh.ServerConn
	wg    sync.WaitGroup
}

func newSigner(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	s, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return s
}

func authorizedLine(k ssh.PublicKey) string { return string(ssh.MarshalAuthorizedKey(k)) }

// newServer starts a server; change, if not nil, sets faults before the first connection.
func newServer(t testing.TB, change func(*server)) *server {
	t.Helper()
	s := &server{host: newSigner(t), user: newSigner(t)}
	s.config = &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
			if string(k.Marshal()) != string(s.user.PublicKey().Marshal()) {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		},
	}
	if change != nil {
		change(s)
	}
	s.config.AddHostKey(s.host)
	var err error
	s.ln, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.wg.Go(s.serve)
	t.Cleanup(func() {
		_ = s.ln.Close()
		s.dropAll()
		s.wg.Wait()
	})
	return s
}

func (s *server) target() Target {
	return Target{NodeID: "cln-00000001", Addr: s.ln.Addr().String(), User: "root", HostKey: authorizedLine(s.host.PublicKey())}
}

// dropAll closes every connection from the server's side.
func (s *server) dropAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *server) serve() {
	for {
		raw, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() {
			defer raw.Close()
			if s.beforeHandshake != nil {
				s.beforeHandshake(raw)
			}
			c, chans, reqs, err := ssh.NewServerConn(raw, s.config)
			if err != nil {
				return
			}
			s.handshakes.Add(1)
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			go ssh.DiscardRequests(reqs)
			var open sync.WaitGroup
			for ch := range chans {
				open.Go(func() { s.channel(ch) })
			}
			open.Wait()
		})
	}
}

func (s *server) channel(nc ssh.NewChannel) {
	switch nc.ChannelType() {
	case "direct-streamlocal@openssh.com":
		var msg struct {
			Path, Reserved0 string
			Reserved1       uint32
		}
		_ = ssh.Unmarshal(nc.ExtraData(), &msg)
		unix, err := net.Dial("unix", msg.Path)
		if err != nil {
			_ = nc.Reject(ssh.ConnectionFailed, "open failed")
			return
		}
		ch, reqs, err := nc.Accept()
		if err != nil {
			return
		}
		go ssh.DiscardRequests(reqs)
		go func() { _, _ = io.Copy(ch, unix); _ = ch.Close() }()
		_, _ = io.Copy(unix, ch)
		_ = unix.Close()
	case "session":
		ch, reqs, err := nc.Accept()
		if err != nil {
			return
		}
		n := s.sessions.Add(1)
		defer s.sessions.Add(-1)
		for old := s.most.Load(); n > old && !s.most.CompareAndSwap(old, n); old = s.most.Load() {
		}
		s.session(ch, reqs)
	default:
		_ = nc.Reject(ssh.UnknownChannelType, "")
	}
}

func (s *server) session(ch ssh.Channel, reqs <-chan *ssh.Request) {
	defer ch.Close()
	for r := range reqs {
		var text struct{ Value string }
		_ = ssh.Unmarshal(r.Payload, &text)
		switch r.Type {
		case "exec":
			s.execs.Add(1) // before the answer: the client may look at once
			_ = r.Reply(true, nil)
			s.exec(ch, reqs, text.Value)
			return
		case "subsystem":
			_ = r.Reply(text.Value == "sftp", nil)
			go ssh.DiscardRequests(reqs)
			srv, err := sftp.NewServer(ch)
			if err == nil {
				_ = srv.Serve()
				_ = srv.Close()
			}
			return
		default:
			_ = r.Reply(false, nil)
		}
	}
}

func (s *server) exec(ch ssh.Channel, reqs <-chan *ssh.Request, text string) {
	cmd := exec.Command("/bin/sh", "-c", text)
	cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	go func() { _, _ = io.Copy(stdin, ch); _ = stdin.Close() }()
	go func() { // the session's end kills the command: tests leave nothing behind
		for range reqs {
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}()
	_ = cmd.Wait()
	code := uint32(cmd.ProcessState.ExitCode())
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
}
