package consultest

import (
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/consul/api"
)

// shared starts the binary's server once. Another process may take a free port before Consul does, hence the tries.
var shared = sync.OnceValues(func() (s *Server, err error) {
	for range 3 {
		if s, err = newServer("", "-dev"); err == nil {
			err = s.Start()
		}
		if err == nil {
			break
		}
	}
	return s, err
})

// Start gives the address (http://127.0.0.1:port) and a client of the in-memory server that all tests of the binary
// share. Tests keep apart by using a Prefix of their own. The server ends with the test binary.
func Start(t testing.TB) (addr string, client *api.Client) {
	t.Helper()
	s := Shared(t)
	return s.Addr, s.Client
}

// Shared is Start for who needs the server itself. It must not be stopped.
func Shared(t testing.TB) *Server {
	t.Helper()
	notShort(t)
	s, err := shared()
	check(t, err)
	return s
}

// Prefix is a KV prefix that no other test uses.
func Prefix() string {
	return "test-" + strings.ToLower(rand.Text()[:12])
}
