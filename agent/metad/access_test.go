package metad

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// fetch prints the answers to its arguments.
func fetch(urls []string) {
	for _, url := range urls {
		res, err := http.Get(url)
		if err != nil {
			panic(err)
		}
		io.Copy(os.Stdout, res.Body)
		res.Body.Close()
		os.Stdout.WriteString(res.Status + "\n")
	}
}

func serving(t *testing.T, addr string) string {
	t.Helper()
	tree := NewTree()
	tree.Set(map[string]string{"/env/pass": "hunter2", "/env/port": "1", "/host/token": "t0ken"}, []string{"/env/pass", "/host/token"}, false)
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- tree.serve(ctx, l, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return l.Addr().String()
}

func get(t *testing.T, addr, path, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	require.NoError(t, err)
	r.Host = host
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

func TestRootOfTheNodeReadsEverything(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"127.77.0.9:0", "[::1]:0"} {
		addr := serving(t, listen)
		for _, host := range []string{"metadata", "METADATA.", "localhost", addr, "127.0.0.1:80"} {
			code, body := get(t, addr, "/self/env/pass", host)
			require.Equal(t, 200, code, host)
			require.Equal(t, "hunter2", body)
		}
		for _, host := range []string{"evil.example", "metadata.evil.example", "10.0.0.1"} {
			code, body := get(t, addr, "/self/env/port", host)
			require.Equal(t, 403, code, host)
			require.NotContains(t, body, "1\n")
		}
	}
}

func TestOtherUsersOfTheNodeReadNoSecrets(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("another user is needed, and only root can be one")
	}
	base := "http://" + serving(t, "127.77.0.9:0")
	program, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	dir, err := os.MkdirTemp("/tmp", "metad")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.WriteFile(dir+"/client", program, 0o755))
	cmd := exec.Command(dir+"/client", "fetch", base+"/self/env/port", base+"/self/env/pass", base+"/self/host/token", base+"/self")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Equal(t, strings.Join([]string{
		"1200 OK",
		`only root of the node reads "/self/env/pass"`, "403 Forbidden",
		`only root of the node reads "/self/host/token"`, "403 Forbidden",
		"/env/port\t1", "200 OK", "",
	}, "\n"), string(out))
}

// A connection whose process does not show in this node's /proc is another node's, whatever its user. A socket on its way
// from one process to another is such a one. (Not parallel: a child that another test starts holds a copy of every socket
// until it executes its program.)
func TestRootOfAnotherNodeReadsNothing(t *testing.T) {
	client, server := connected(t)
	r := &http.Request{RemoteAddr: client.LocalAddr().String(), Host: "metadata"}
	r = r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, server.LocalAddr()))
	require.Equal(t, everything, accessOf(r))

	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	raw, err := client.SyscallConn()
	require.NoError(t, err)
	var sent error
	require.NoError(t, raw.Control(func(fd uintptr) { sent = unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(int(fd)), nil, 0) }))
	require.NoError(t, sent)
	require.NoError(t, client.Close())
	_, _, ok := ownerOf(netip.MustParseAddrPort(r.RemoteAddr), server.LocalAddr().(*net.TCPAddr).AddrPort())
	require.True(t, ok, "the connection is there")
	require.Equal(t, nothing, accessOf(r))
}

func connected(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.77.0.9:0")
	require.NoError(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(); s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// The kernel shows user 0 for an end that was closed. (Not parallel, as above.)
func TestAClosedEndIsNobodys(t *testing.T) {
	client, server := connected(t)
	from, to := client.LocalAddr().(*net.TCPAddr).AddrPort(), server.LocalAddr().(*net.TCPAddr).AddrPort()
	uid, _, ok := ownerOf(from, to)
	require.True(t, ok)
	require.Equal(t, os.Geteuid(), uid)
	require.NoError(t, client.Close())
	_, _, ok = ownerOf(from, to)
	require.False(t, ok)
}
