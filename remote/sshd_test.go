package remote

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"drover/fault"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// startSSHD runs a real OpenSSH server on a loopback port until the test ends. extra are further sshd_config lines.
func startSSHD(t testing.TB, extra ...string) (Target, ssh.Signer) {
	t.Helper()
	const sshd = "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("no OpenSSH server here (" + sshd + "); install the package openssh-server to run this test")
	}
	if os.Getuid() == 0 {
		err := os.Mkdir("/run/sshd", 0o755) // sshd wants it when root starts it
		if err != nil && !os.IsExist(err) {
			t.Skip("cannot make /run/sshd, which OpenSSH needs: " + err.Error())
		}
	}
	me, err := user.Current()
	require.NoError(t, err)
	dir := t.TempDir()
	_, hostPrivate, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(hostPrivate, "")
	require.NoError(t, err)
	write := func(name, content string) string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
		return filepath.Join(dir, name)
	}
	host, err := ssh.NewSignerFromKey(hostPrivate)
	require.NoError(t, err)
	signer := newSigner(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := ln.Addr().String()
	require.NoError(t, ln.Close())
	config := write("sshd_config", strings.Join(append([]string{
		"ListenAddress " + addr,
		"HostKey " + write("host_key", string(pem.EncodeToMemory(block))),
		"AuthorizedKeysFile " + write("authorized_keys", authorizedLine(signer.PublicKey())),
		"StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin prohibit-password",
		"PidFile none", "MaxStartups 1000", "Subsystem sftp internal-sftp", "LogLevel ERROR",
		"SetEnv SHLVL=2", // else bash reads this user's .bashrc for every command, whatever that does
	}, extra...), "\n")+"\n")
	cmd := exec.Command(sshd, "-D", "-E", write("log", ""), "-f", config)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if text, _ := os.ReadFile(filepath.Join(dir, "log")); t.Failed() && len(text) > 0 {
			t.Logf("sshd: %s", text)
		}
	})
	target := Target{NodeID: "cln-00000001", Addr: addr, User: me.Username, HostKey: authorizedLine(host.PublicKey())}
	p := New(Options{Signer: signer})
	defer p.Close()
	for {
		_, err := p.Run(t.Context(), target, ":", nil)
		if err == nil {
			return target, signer
		}
		require.True(t, fault.As(err).Retryable, "%v", err)
		require.NoError(t, cmd.Process.Signal(syscall.Signal(0)), "sshd ended")
		time.Sleep(10 * time.Millisecond)
	}
}

// echoSocket listens on a unix socket and sends back what it gets.
func echoSocket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "echo")
	require.NoError(t, err)
	path := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() { _, _ = io.Copy(c, c); _ = c.Close() })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
		_ = os.RemoveAll(dir)
	})
	return path
}

func echoOnce(c net.Conn, n int) error {
	if _, err := fmt.Fprintf(c, "%d\n", n); err != nil {
		return err
	}
	want := strconv.Itoa(n) + "\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != want {
		return errors.New("wrong echo")
	}
	return nil
}

func TestOpenSSHStreamsDoNotCountAsSessions(t *testing.T) {
	t.Parallel()
	target, signer := startSSHD(t, "MaxSessions 1")
	p := newPool(t, Options{Signer: signer, MaxSessions: 1})
	path := echoSocket(t)
	var streams []net.Conn
	for range 40 {
		c, err := p.Dial(t.Context(), target, path)
		require.NoError(t, err)
		streams = append(streams, c)
	}
	_, err := p.Run(t.Context(), target, ":", nil)
	require.NoError(t, err, "and the one session is still free")
	for i, c := range streams {
		require.NoError(t, echoOnce(c, i))
		require.NoError(t, c.Close())
		require.Error(t, c.Close(), "closed already")
	}
	_, err = p.Dial(t.Context(), target, path+"-missing")
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	require.Contains(t, err.Error(), "-missing")
	p.mu.Lock()
	users := p.conns[keyOf(target)].users
	p.mu.Unlock()
	require.Zero(t, users, "every stream gave its connection back")
}

func TestOpenSSHSessionsStayBelowItsLimit(t *testing.T) {
	t.Parallel()
	target, signer := startSSHD(t) // MaxSessions 10
	p := newPool(t, Options{Signer: signer})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if r, err := p.Run(t.Context(), target, "echo $$", nil); err != nil || len(r.Stdout) == 0 {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenSSHRunReturnsWithTheShellNotWithItsDaemons(t *testing.T) {
	t.Parallel()
	target, signer := startSSHD(t)
	p := newPool(t, Options{Signer: signer, MaxSessions: 1})
	for range 3 { // the daemons keep no session's place either
		r, err := p.Run(t.Context(), target, "sleep 300 & echo $!; exit 5", nil)
		require.NoError(t, err)
		require.Equal(t, 5, r.ExitCode)
		pid, err := strconv.Atoi(strings.TrimSpace(string(r.Stdout)))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, syscall.Kill(pid, syscall.SIGKILL), "the daemon lived on") })
	}
	r, err := p.Run(t.Context(), target, "kill -9 $$", nil)
	require.NoError(t, err)
	require.Equal(t, 128+9, r.ExitCode)
}

func TestOpenSSHUpload(t *testing.T) {
	t.Parallel()
	target, signer := startSSHD(t)
	checkUpload(t, newPool(t, Options{Signer: signer}), target)
}

func TestOpenSSHWithoutSFTP(t *testing.T) {
	t.Parallel()
	target, signer := startSSHD(t, "ForceCommand exit 0", "Subsystem unused /bin/false")
	p := newPool(t, Options{Signer: signer, DialTimeout: 2 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := p.Upload(ctx, target, bytes.NewReader(nil), filepath.Join(t.TempDir(), "f"), 0o600)
	require.NotNil(t, fault.As(err), "%v", err)
	require.NoError(t, ctx.Err())
}

func TestOpenSSHEnsure(t *testing.T) {
	t.Parallel()
	target, signer := startSSHD(t)
	a := NewAgents(newPool(t, Options{Signer: signer}))
	r := newRoot(t)
	a.paths = r.paths()
	in := install(t)
	for range 2 {
		require.NoError(t, a.Ensure(t.Context(), target, in))
	}
	require.Equal(t, "start", r.log(t))
}
