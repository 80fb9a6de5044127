package conformance

import (
	"bytes"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/providers"
)

func (w *world) login(i providers.Instance, signer ssh.Signer) (*ssh.Client, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(i.SSH.HostKey))
	require.NoError(w.t, err)
	return ssh.Dial("tcp", i.SSH.Addr, &ssh.ClientConfig{
		User: i.SSH.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(key), HostKeyAlgorithms: []string{key.Type()}, Timeout: time.Minute,
	})
}

func (w *world) dial(i providers.Instance) *ssh.Client {
	w.t.Helper()
	client, err := w.login(i, w.signer)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { client.Close() })
	return client
}

// run gives the output of a command that must succeed.
func (w *world) run(i providers.Instance, command string) string {
	w.t.Helper()
	session, err := w.dial(i).NewSession()
	require.NoError(w.t, err)
	defer session.Close()
	out, err := session.CombinedOutput(command)
	require.NoErrorf(w.t, err, "%s: %s", command, out)
	return strings.TrimSpace(string(out))
}

func onlyAuthorizedKey(w *world) {
	i := w.create(w.spec())
	w.dial(i)
	stranger, _ := newKey(w.t)
	_, err := w.login(i, stranger)
	require.ErrorContains(w.t, err, "unable to authenticate")
	client, err := ssh.Dial("tcp", i.SSH.Addr, &ssh.ClientConfig{
		User: i.SSH.User, Auth: []ssh.AuthMethod{ssh.Password("")}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: time.Minute,
	})
	if err == nil {
		client.Close()
	}
	require.Error(w.t, err, "a password opens the node")
}

func hostKeyReported(w *world) {
	i, j := w.create(w.spec()), w.create(w.spec())
	require.NotEqual(w.t, i.SSH.HostKey, j.SSH.HostKey, "each instance has its own host key")
	w.dial(i) // login accepts the reported key only
	require.NoError(w.t, w.p.StopInstance(w.t.Context(), i.ID))
	again, err := w.p.StartInstance(w.t.Context(), i.ID)
	require.NoError(w.t, err)
	require.Equal(w.t, i.SSH.HostKey, again.SSH.HostKey)
	w.dial(again)
}

func commandResults(w *world) {
	client := w.dial(w.create(w.spec()))
	session, err := client.NewSession()
	require.NoError(w.t, err)
	var out, errs bytes.Buffer
	session.Stdout, session.Stderr, session.Stdin = &out, &errs, strings.NewReader("in")
	err = session.Run("cat; echo oops >&2; exit 7")
	var exit *ssh.ExitError
	require.ErrorAs(w.t, err, &exit)
	require.Equal(w.t, 7, exit.ExitStatus())
	require.Equal(w.t, "in", out.String())
	require.Equal(w.t, "oops\n", errs.String())

	session, err = client.NewSession()
	require.NoError(w.t, err)
	large, err := session.Output("head -c 3000000 /dev/zero")
	require.NoError(w.t, err)
	require.Len(w.t, large, 3_000_000)
}

func sftpFiles(w *world) {
	client, err := sftp.NewClient(w.dial(w.create(w.spec())))
	require.NoError(w.t, err)
	defer client.Close()
	require.NoError(w.t, client.MkdirAll("/var/lib/drover/x"))
	text := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	f, err := client.Create("/var/lib/drover/x/file.new")
	require.NoError(w.t, err)
	_, err = f.ReadFrom(bytes.NewReader(text))
	require.NoError(w.t, err)
	require.NoError(w.t, f.Close())
	require.NoError(w.t, client.Chmod("/var/lib/drover/x/file.new", 0o600))
	require.NoError(w.t, client.PosixRename("/var/lib/drover/x/file.new", "/var/lib/drover/x/file"))
	f, err = client.Open("/var/lib/drover/x/file")
	require.NoError(w.t, err)
	defer f.Close()
	back, err := io.ReadAll(f)
	require.NoError(w.t, err)
	require.True(w.t, bytes.Equal(text, back), "the file came back changed")
	_, err = client.Stat("/var/lib/drover/x/none")
	require.ErrorIs(w.t, err, os.ErrNotExist)
}

// unixSockets reaches a unix socket of the node through SSH: Drover talks to the agent that way.
func unixSockets(w *world) {
	client := w.dial(w.create(w.spec()))
	_, err := client.Dial("unix", "/run/none.sock")
	require.Error(w.t, err)
	session, err := client.NewSession()
	require.NoError(w.t, err)
	defer session.Close()
	started, err := session.StdoutPipe()
	require.NoError(w.t, err)
	// Any program of a minimal node that can listen on a unix socket: perl is in every Debian.
	const server = `command -v perl >/dev/null || { echo none; exit; }
exec perl -MIO::Socket::UNIX -e '$|=1; $s=IO::Socket::UNIX->new(Type=>SOCK_STREAM,Local=>"/run/t.sock",Listen=>1) or die $!; print "up\n"; $c=$s->accept; @l=<$c>; print $c "got ", @l; close $c'`
	require.NoError(w.t, session.Start(server))
	word := make([]byte, len("up\n"))
	_, err = io.ReadFull(started, word)
	require.NoError(w.t, err)
	if string(word) != "up\n" {
		w.t.Skip("the image has no perl to make a unix socket with")
	}
	conn, err := client.Dial("unix", "/run/t.sock")
	require.NoError(w.t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "question")
	require.NoError(w.t, err)
	require.NoError(w.t, conn.(interface{ CloseWrite() error }).CloseWrite(), "half-close")
	answer, err := io.ReadAll(conn)
	require.NoError(w.t, err)
	require.Equal(w.t, "got question", string(answer))
}
