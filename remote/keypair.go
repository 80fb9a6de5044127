package remote

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"

	"drover/fault"
)

// keyBits is the size of the keys for logins between nodes of a passphraseless role.
const keyBits = 3072

// NewKeyPair returns a new key pair for a node: an authorized_keys line with the comment, and the private key as OpenSSH
// PEM. It is an RSA key for both ssh-rsa and ssh-dsa: current SSH servers accept no DSA keys. Failures are Internal
// faults.
func NewKeyPair(comment string) (public, private string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return "", "", fault.Wrap(err, fault.Internal, "generate the key pair of %s", comment)
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return "", "", fault.Wrap(err, fault.Internal, "encode the private key of %s", comment)
	}
	line, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		return "", "", fault.Wrap(err, fault.Internal, "encode the public key of %s", comment)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line))) + " " + comment, string(pem.EncodeToMemory(block)), nil
}
