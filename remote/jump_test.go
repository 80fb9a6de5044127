package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/user"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/fault"
)

// TestJumpHost goes through a real OpenSSH server to another one, each with a key of its own, and accepts neither with
// another host key.
func TestJumpHost(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(block), 0o600))
	own, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	authorized := filepath.Join(dir, "authorized")
	require.NoError(t, os.WriteFile(authorized, []byte(authorizedLine(own.PublicKey())), 0o600))
	me, err := user.Current()
	require.NoError(t, err)

	jump, signer := startSSHD(t)
	target, _ := startSSHD(t, "AuthorizedKeysCommand /usr/bin/cat "+authorized, "AuthorizedKeysCommandUser "+me.Username)
	target.KeyFile, target.Jump = keyFile, &jump
	p := New(Options{Signer: signer})
	t.Cleanup(func() { p.Close() })
	for range 2 {
		r, err := p.Run(t.Context(), target, "echo $SSH_CONNECTION", nil)
		require.NoError(t, err)
		require.Zero(t, r.ExitCode)
	}

	other := authorizedLine(own.PublicKey())
	wrong := target
	wrong.HostKey = other
	_, err = p.Run(t.Context(), wrong, "true", nil)
	require.Truef(t, fault.Is(err, fault.HostKeyChanged), "%v", err)
	gate := jump
	gate.HostKey = other
	wrong = target
	wrong.Jump = &gate
	_, err = p.Run(t.Context(), wrong, "true", nil)
	require.Truef(t, fault.Is(err, fault.HostKeyChanged), "%v", err)
}
