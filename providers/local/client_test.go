package local

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"drover/providers"
)

// owner has a key and a provider, and deletes what it made.
type owner struct {
	t      *testing.T
	p      *Provider
	signer ssh.Signer
	key    string
}

func newOwner(t *testing.T, p *Provider) *owner {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return &owner{t: t, p: p, signer: signer, key: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}
}

func (o *owner) spec() providers.InstanceSpec {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return providers.InstanceSpec{
		ID: "i-" + hex.EncodeToString(b[:]), Tags: providers.Tags{ClusterID: "cl-aaaaaaaa"}, Image: "one",
		Size: providers.Size{CPU: 1, Memory: 512}, AuthorizedKey: o.key,
	}
}

func (o *owner) create() providers.Instance {
	o.t.Helper()
	s := o.spec()
	o.t.Cleanup(func() { require.NoError(o.t, o.p.DeleteInstance(context.WithoutCancel(o.t.Context()), s.ID)) })
	i, err := o.p.CreateInstance(o.t.Context(), s)
	require.NoError(o.t, err)
	return i
}

func (o *owner) dial(i providers.Instance) *ssh.Client {
	o.t.Helper()
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(i.SSH.HostKey))
	require.NoError(o.t, err)
	client, err := ssh.Dial("tcp", i.SSH.Addr, &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(o.signer)}, Timeout: time.Minute,
		HostKeyCallback: ssh.FixedHostKey(hostKey), HostKeyAlgorithms: []string{hostKey.Type()},
	})
	require.NoError(o.t, err)
	o.t.Cleanup(func() { client.Close() })
	return client
}

// try gives the output of a command and how it ended.
func (o *owner) try(i providers.Instance, command string) (string, error) {
	o.t.Helper()
	session, err := o.dial(i).NewSession()
	require.NoError(o.t, err)
	defer session.Close()
	out, err := session.CombinedOutput(command)
	return strings.TrimSpace(string(out)), err
}

func (o *owner) run(i providers.Instance, command string) string {
	o.t.Helper()
	out, err := o.try(i, command)
	require.NoErrorf(o.t, err, "%s: %s", command, out)
	return out
}
