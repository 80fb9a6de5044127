package activities

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"

	"drover/fault"
	"drover/lifecycle"
)

// keyBits is the size of the keys nodes of a passphraseless role log in to each other with. They are RSA keys for both
// ssh-rsa and ssh-dsa: current SSH servers accept no DSA keys.
const keyBits = 3072

// privateKeyFile is where such a node finds its key.
const privateKeyFile = "/root/.ssh/id_rsa"

type keyPair struct{ public, private string }

func newKeyPair(comment string) (keyPair, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return keyPair{}, fault.Wrap(err, fault.Internal, "make a key pair")
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return keyPair{}, fault.Wrap(err, fault.Internal, "make a key pair")
	}
	public, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		return keyPair{}, fault.Wrap(err, fault.Internal, "make a key pair")
	}
	return keyPair{
		public:  strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))) + " " + comment,
		private: string(pem.EncodeToMemory(block)),
	}, nil
}

// putKeys gives a node of a passphraseless role its key pair.
func (a *Nodes) putKeys(ctx context.Context, n lifecycle.Node) error {
	if n.PrivateKey == "" {
		return nil
	}
	if err := a.Agents.Put(ctx, n, privateKeyFile, []byte(n.PrivateKey), 0o600); err != nil {
		return err
	}
	return a.Agents.Put(ctx, n, privateKeyFile+".pub", []byte(n.PubKey+"\n"), 0o644)
}
