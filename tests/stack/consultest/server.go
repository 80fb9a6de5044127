package consultest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/consul/api"
)

// Server is one Consul server on loopback.
type Server struct {
	Addr   string // http://127.0.0.1:port
	Client *api.Client
	Token  string // Client's, which may do everything; "" without ACLs

	args    []string
	process *exec.Cmd
	log     *tail
	ended   chan error
}

// StartServer runs a server of the test's own that keeps its data over Stop and Start. extra is further HCL
// configuration, e.g. for ACLs. It ends with the test.
func StartServer(t testing.TB, extra string) *Server {
	t.Helper()
	notShort(t)
	s, err := newServer(extra, "-server", "-bootstrap-expect=1", "-data-dir="+t.TempDir())
	if err == nil {
		err = s.Start()
	}
	check(t, err)
	t.Cleanup(s.Stop)
	return s
}

// StartWithACLs runs an in-memory server of the test's own that refuses what no policy allows. It ends with the test.
func StartWithACLs(t testing.TB) *Server {
	t.Helper()
	notShort(t)
	s, err := newServer("", "-dev")
	if err == nil {
		s.Token = uuid.NewString()
		s.args = append(s.args, "-hcl", fmt.Sprintf(
			"acl { enabled = true, default_policy = %q, tokens { initial_management = %q } }", "deny", s.Token))
		s.Client, err = s.ClientWith(s.Token)
	}
	if err == nil {
		err = s.Start()
	}
	check(t, err)
	t.Cleanup(s.Stop)
	return s
}

// ClientWith is a client with another token; "" is none.
func (s *Server) ClientWith(token string) (*api.Client, error) {
	config := api.DefaultNonPooledConfig()
	config.Address, config.Token = s.Addr, token
	return api.NewClient(config)
}

func newServer(extra string, args ...string) (*Server, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	hcl := fmt.Sprintf("ports { http = %d, server = %d, serf_lan = %d, serf_wan = -1, dns = -1, grpc = -1, grpc_tls = -1 }\n"+
		"limits { http_max_conns_per_client = 2000 }\nperformance { raft_multiplier = 1 }\n%s", ports[0], ports[1], ports[2], extra)
	s := &Server{Addr: fmt.Sprintf("http://127.0.0.1:%d", ports[0])}
	s.args = append([]string{"agent", "-bind=127.0.0.1", "-client=127.0.0.1", "-log-level=warn",
		fmt.Sprintf("-node=test-%d", ports[0]), "-hcl", hcl}, args...)
	s.Client, err = s.ClientWith("")
	return s, err
}

// Start runs the server and waits until it takes writes.
func (s *Server) Start() error {
	path, err := binary()
	if err != nil {
		return &unavailable{err}
	}
	s.log, s.ended = new(tail), make(chan error, 1)
	s.process = exec.Command(path, s.args...)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	// The kernel ends the server with the test binary, however that ends. It watches the thread that started the
	// process, so that thread must stay.
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error)
	go func(cmd *exec.Cmd, ended chan error) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}(s.process, s.ended)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	return s.ready(time.Minute)
}

// ready writes a key until that works: only then is there a leader.
func (s *Server) ready(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for {
		_, err := s.Client.KV().Put(&api.KVPair{Key: "consultest/ready"}, (&api.WriteOptions{}).WithContext(ctx))
		var status api.StatusError
		if err == nil || s.Token == "" && errors.As(err, &status) && status.Code == 403 { // with ACLs, a refusal is an answer
			return nil
		}
		select {
		case end := <-s.ended:
			s.ended <- end
			return fmt.Errorf("consul ended (%v):\n%s", end, s.log)
		case <-ctx.Done():
			s.Stop()
			return fmt.Errorf("consul takes no writes after %s: %w\n%s", limit, err, s.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop kills the server, as a power loss would. Stopping a stopped server does nothing.
func (s *Server) Stop() {
	if s.process == nil || s.process.Process == nil {
		return
	}
	_ = s.process.Process.Kill() // fails only when it has ended already
	<-s.ended
	s.process = nil
}

// Pid is the process id of the running server, for measurements.
func (s *Server) Pid() int { return s.process.Process.Pid }

func notShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Consul server is not started with -short")
	}
}

// unavailable is the other reason to skip instead of to fail.
type unavailable struct{ error }

func check(t testing.TB, err error) {
	t.Helper()
	var missing *unavailable
	if errors.As(err, &missing) {
		t.Skipf("needs a consul binary: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // keeps the ports different from each other
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// tail keeps the end of a server's log for error texts.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - 8<<10; over > 0 {
		t.b = bytes.Clone(t.b[over:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
