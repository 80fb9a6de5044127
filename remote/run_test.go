package remote

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"drover/fault"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	r, err := p.Run(t.Context(), s.target(), "cat; echo problem >&2; exit 7", strings.NewReader("in"))
	require.NoError(t, err)
	require.Equal(t, Result{ExitCode: 7, Stdout: []byte("in"), Stderr: []byte("problem\n")}, r)
}

func TestRunBoundsItsOutput(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	r, err := p.Run(t.Context(), s.target(), "head -c 3000000 /dev/zero", nil)
	require.NoError(t, err)
	require.True(t, r.Truncated)
	require.Len(t, r.Stdout, MaxOutput)
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := p.Run(ctx, s.target(), "sleep 60", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.True(t, fault.Is(err, fault.Unreachable))
	_, err = p.Run(t.Context(), s.target(), ":", nil)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.handshakes.Load(), "the connection is still good")
}

func TestRunTellsNoSecrets(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: newSigner(t)})
	_, err := p.Run(t.Context(), s.target(), "echo hunter2", strings.NewReader("hunter2"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
	_, err = p.Run(t.Context(), s.target(), "hunter2\x00", nil)
	require.True(t, fault.Is(err, fault.Invalid))
	require.NotContains(t, err.Error(), "hunter2")
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a b", "it's", "''", "$(reboot)", "`x`", "\\", "\n", "-n", "*", "\xff", "é", "!", "~", "#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		if strings.ContainsRune(arg, 0) {
			t.Skip("no argument can hold a NUL byte")
		}
		out, err := exec.Command("/bin/sh", "-c", "printf %s "+Quote(arg)+"; printf '|%s' $#; exit 0", "sh").Output()
		require.NoError(t, err)
		require.True(t, bytes.Equal([]byte(arg+"|0"), out), "%q became %q", arg, out)
	})
}
