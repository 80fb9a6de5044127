package local

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

const (
	service = "mkdir -p /etc/drover/services && printf '#!/bin/sh\\necho up >> /srv/starts\\nexec sleep 1000\\n' > /etc/drover/services/s && chmod +x /etc/drover/services/s"
)

// until runs a condition in the node until it holds.
func until(condition string) string {
	return "for n in $(seq 400); do if " + condition + "; then exit 0; fi; sleep 0.05; done; echo 'never: " + condition + "'; exit 1"
}

func TestServices(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.19.0/24")))
	i := o.create()
	o.run(i, service)
	o.run(i, "touch /etc/drover/services/not-executable; kill -HUP 1")
	o.run(i, until("pgrep -x sleep"))
	o.run(i, "kill -9 $(pgrep -x sleep)")
	o.run(i, until("[ $(wc -l < /srv/starts) = 2 ] && pgrep -x sleep"))
	o.run(i, until("grep -q 'up' /srv/starts"))
	o.run(i, "kill -HUP 1; kill -HUP 1")
	require.Equal(t, "1", o.run(i, "pgrep -x -c sleep"), "a running service is started once")

	require.NoError(t, o.p.StopInstance(t.Context(), i.ID))
	i, err := o.p.StartInstance(t.Context(), i.ID)
	require.NoError(t, err)
	o.run(i, until("[ $(wc -l < /srv/starts) = 3 ] && pgrep -x sleep"))
	o.run(i, "rm /etc/drover/services/s; kill -HUP 1")
	o.run(i, until("! pgrep -x sleep"))

	// Orphans are reaped: nothing stays a zombie.
	o.run(i, "for n in 1 2 3 4 5; do (setsid sh -c 'sleep 0.0$n' &) ; done")
	o.run(i, until("! ps -eo stat --no-headers | grep -q Z"))
}

// TestSessions: what the built-in SSH server does beyond what every provider must.
func TestSessions(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.23.0/24")))
	client := o.dial(o.create())

	// A signal reaches the command, and its end by a signal is told.
	session, err := client.NewSession()
	require.NoError(t, err)
	started, err := session.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, session.Start("echo begun; exec sleep 1000"))
	_, err = io.ReadFull(started, make([]byte, len("begun\n")))
	require.NoError(t, err)
	require.NoError(t, session.Signal(ssh.SIGTERM))
	var exit *ssh.ExitError
	require.ErrorAs(t, session.Wait(), &exit)
	require.Equal(t, "TERM", exit.Signal())

	// The end of the command is the end of the session, whatever process holds its output.
	session, err = client.NewSession()
	require.NoError(t, err)
	out, err := session.Output("sleep 1000 & echo done")
	require.NoError(t, err)
	require.Equal(t, "done\n", string(out))

	// A terminal.
	session, err = client.NewSession()
	require.NoError(t, err)
	require.NoError(t, session.RequestPty("vt100", 33, 77, nil))
	out, err = session.Output("tty; stty size; echo $TERM; exit 3")
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 3, exit.ExitStatus())
	require.Equal(t, "/dev/pts/0\r\n33 77\r\nvt100\r\n", string(out))

	// Keep-alives are answered.
	_, _, err = client.SendRequest("keepalive@openssh.com", true, nil)
	require.NoError(t, err)
}
