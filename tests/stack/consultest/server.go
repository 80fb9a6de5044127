package consultest

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/starter/process"
	"drover/tests/stack/tree"
)

// Server is one Consul server on loopback. It ends with the test binary at the latest.
type Server struct {
	Addr   string // http://127.0.0.1:port
	Client *api.Client
	Token  string // Client's, which may do everything; "" without ACLs

	process *process.Process
}

// shared is the binary's in-memory server.
var shared = sync.OnceValues(func() (*Server, error) {
	dir, err := os.MkdirTemp("", "drover-consul-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // settings are read once, and the log is for a server that does not start
	return start(process.Consul{Dir: dir, Memory: true})
})

// Start gives the address (http://127.0.0.1:port) and a client of the in-memory server that all tests of the binary
// share. Tests keep apart by using a Prefix of their own.
func Start(t testing.TB) (addr string, client *api.Client) {
	t.Helper()
	s := Shared(t)
	return s.Addr, s.Client
}

// Shared is the server of Start. It must not be stopped.
func Shared(t testing.TB) *Server {
	t.Helper()
	notShort(t)
	s, err := shared()
	require.NoError(t, err)
	return s
}

// Prefix is a KV prefix that no other test uses.
func Prefix() string { return "test-" + strings.ToLower(rand.Text()[:12]) }

// StartServer runs a server of the test's own that keeps its data over Stop and Start. more is further HCL
// configuration. It ends with the test.
func StartServer(t testing.TB, more string) *Server {
	t.Helper()
	return own(t, process.Consul{More: more})
}

// StartWithACLs runs an in-memory server of the test's own that refuses what no policy allows. It ends with the test.
func StartWithACLs(t testing.TB) *Server {
	t.Helper()
	return own(t, process.Consul{Memory: true, Token: uuid.NewString()})
}

func own(t testing.TB, c process.Consul) *Server {
	t.Helper()
	notShort(t)
	c.Dir = t.TempDir()
	s, err := start(c)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

// start starts a server. Another process may take a free port before Consul does, hence the retries.
func start(c process.Consul) (s *Server, err error) {
	root, err := tree.Root()
	if err != nil {
		return nil, err
	}
	if c.Path, err = tree.Tool(context.Background(), root, "consul", os.Stderr); err != nil {
		return nil, err
	}
	for range 3 {
		s = &Server{Token: c.Token}
		if s.process, s.Addr, err = c.Server(); err != nil {
			return nil, err
		}
		s.process.LogFile, s.process.DieWithParent = filepath.Join(c.Dir, "consul.log"), true
		if s.Client, err = s.ClientWith(c.Token); err != nil {
			return nil, err
		}
		if err = s.Start(); err == nil {
			break
		}
	}
	return s, err
}

// ClientWith is a client with another token; "" is none.
func (s *Server) ClientWith(token string) (*api.Client, error) {
	config := api.DefaultNonPooledConfig()
	config.Address, config.Token = s.Addr, token
	return api.NewClient(config)
}

// Start runs the server and waits until it takes writes.
func (s *Server) Start() error {
	if err := s.process.Start(); err != nil {
		return err
	}
	err := s.process.WaitReady(context.Background())
	if err != nil {
		s.Stop()
	}
	return err
}

// Stop kills the server, as a power loss would. Stopping a stopped server does nothing.
func (s *Server) Stop() { _ = s.process.Kill() }

// Pid is the process id of the running server, for measurements.
func (s *Server) Pid() int { return s.process.Pid() }

func notShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Consul server is not started with -short")
	}
}
