package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// jumped is the cluster whose nodes are behind a jump host.
const jumped = "cl-jumpjump"

const wayIn = "ssh -o HostKeyAlias=cln-00000001 -o 'KnownHostsCommand=/bin/echo cln-00000001 ssh-ed25519 AAAA+/=' " +
	"-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o ControlPath=none " +
	"-o IdentitiesOnly=yes -i KEY -p 2222 -l root"

func TestSSHBecomesTheSystemsSSH(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("secret"), 0o600))
	c := prepare(server(t), "ssh", "cl-sshssh00", "etcd_node/1", "--identity", key, "--", "uptime", "-p")
	var program string
	var argv, environ []string
	c.Become = func(p string, a, e []string) error { program, argv, environ = p, a, e; return nil }
	c.Environ = append(c.Environ, "TERM=xterm")
	require.Equal(t, exitOK, c.run(t.Context()).code, c.stderr.String())
	require.Equal(t, "ssh", filepath.Base(program))
	require.Equal(t, []string{"-i", key, "-p", "2222", "-l", "root", "10.0.0.1", "uptime", "-p"}, argv[len(argv)-9:])
	require.Contains(t, environ, "TERM=xterm")
	require.NotContains(t, strings.Join(argv, " "), "secret")
	require.Empty(t, c.stdout.String())
}

func TestSSHIsPrintedAndRefused(t *testing.T) {
	t.Parallel()
	direct := strings.ReplaceAll(wayIn, "KEY", "/nowhere/id_ed25519")
	require.Equal(t, direct+" 10.0.0.1 true\n", drover(t, "ssh", "cl-sshssh00", "10.0.0.1", "--print", "--", "true").stdout.String())
	words := decoded[sshValue](t, drover(t, "ssh", jumped, "10.0.0.1", "--print", "-o", "json").stdout.String()).Command
	require.Equal(t, "10.0.0.1", words[len(words)-1])
	through := strings.NewReplacer("2222", "22", "cln-00000001", "cln-00000001-jump").Replace(direct)
	require.Equal(t, "ProxyCommand="+through+" bastion -W '[%h]:%p'", words[len(words)-2])

	c := drover(t, "ssh", "cl-sshssh00", "etcd_node/1")
	require.Equal(t, exitRefused, c.code)
	require.Contains(t, c.stderr.String(), "the private key for root@10.0.0.1:2222 cannot be read here: open /nowhere/id_ed25519")
	require.Contains(t, c.stderr.String(), "run drover ssh on a worker")
	require.Equal(t, exitUsage, drover(t, "ssh", "cl-sshssh00", "etcd_node/9").code)

	url, tokens := consoleOf(t, server(t))
	c = viaConsole(t, url, tokens["admin"], "ssh", "cl-sshssh00", "etcd_node/1")
	require.Equal(t, exitRefused, c.code)
	require.Contains(t, c.stderr.String(), "does not work through drover-console")
}
