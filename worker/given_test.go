package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/activities"
	"drover/fault"
	"drover/providers"
	"drover/providers/local"
	"drover/remote"
	"drover/remote/target"
)

// given are existing machines: sandboxes with OpenSSH, reached with the operator's key.
type given struct {
	inventory string // file
	agent     string // program
	drovers   ssh.Signer
	pool      *remote.Pool // logs in with Drover's own key by default
	access    map[string]target.Target
}

// giveHosts makes n machines with addresses of a range. head begins the inventory, about is the text for each host.
func giveHosts(t *testing.T, n int, addresses, head, about string) *given {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("machines to be given to Drover are made with root's powers")
	}
	sshd := "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		t.Log("no OpenSSH here: the sandboxes' own SSH server stands in")
		sshd = ""
	}
	dir := t.TempDir()
	g := &given{inventory: filepath.Join(dir, "hosts.yaml"), access: map[string]target.Target{}}
	agent, node := buildPrograms(t)
	g.agent = agent
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "images", "bare", "opt"), 0o755))
	makers, err := local.New(local.Options{
		StateDir: filepath.Join(dir, "state"), ImagesDir: filepath.Join(dir, "images"), NodeBinary: node, Range: addresses, SSHServer: sshd,
	})
	if fault.Is(err, fault.NotAllowed) {
		t.Skipf("no sandboxes here: %v", err)
	}
	require.NoError(t, err)
	operator, operatorFile := newKeyFile(t, dir)
	made := make([]providers.Instance, n)
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		id := "i-" + activities.RandomID()
		t.Cleanup(func() { require.NoError(t, makers.DeleteInstance(context.WithoutCancel(t.Context()), id)) })
		all.Go(func() {
			made[i], errs[i] = makers.CreateInstance(t.Context(), providers.InstanceSpec{
				ID: id, Tags: providers.Tags{ClusterID: "cl-machines"}, Image: "bare", ContainerType: "local",
				Size: providers.Size{CPU: 1, Memory: 256}, AuthorizedKey: authorizedKey(operator),
			})
		})
	}
	all.Wait()
	var text strings.Builder
	text.WriteString(head + "hosts:\n")
	for i, m := range made {
		require.NoError(t, errs[i])
		host, port, err := net.SplitHostPort(m.SSH.Addr)
		require.NoError(t, err)
		fmt.Fprintf(&text, "  - {name: h%d, host: %s, port: %s, key_file: %s, host_key: %q, %s}\n",
			i, host, port, operatorFile, strings.TrimSpace(m.SSH.HostKey), about)
		g.access[m.SSH.Addr] = target.Target{Addr: m.SSH.Addr, User: "root", HostKey: m.SSH.HostKey, KeyFile: operatorFile}
	}
	require.NoError(t, os.WriteFile(g.inventory, []byte(text.String()), 0o600))
	g.drovers, _ = newKeyFile(t, t.TempDir())
	g.pool = remote.New(remote.Options{Signer: g.drovers, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { g.pool.Close() })
	return g
}

// hostTree lists the files of a host, with the content of those that Drover may change.
const hostTree = `find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp \) -prune -o \( -path '*/drover*' -o -path '/data*' -o -path '/root*' -o -path '/srv*' -o -path '/etc/*' -o -path '/var/lib/*' -o -path '/opt/*' \) -printf '%y %m %u %p\n' | sort
cat /root/.ssh/authorized_keys 2>/dev/null || true`

// trees returns the tree of every host by address.
func (g *given) trees(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for addr, at := range g.access {
		r, err := shell{g.pool}.Run(t.Context(), at, hostTree)
		require.NoError(t, err)
		require.Zero(t, r.ExitCode, r.Stderr)
		all[addr] = r.Stdout
	}
	return all
}

// newKeyFile makes a key, and a file with its private half.
func newKeyFile(t *testing.T, dir string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	file := filepath.Join(dir, "id_ed25519")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return signer, file
}
