package docker

import (
	"crypto/ed25519"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"

	"drover/fault"
)

// hostKey returns a new host key: the private key file of the SSH server, and the public key line.
func hostKey() (private []byte, public string, _ error) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, "", fault.Wrap(err, fault.Internal, "provider docker: make host key")
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, "", fault.Wrap(err, fault.Internal, "provider docker: make host key")
	}
	line, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, "", fault.Wrap(err, fault.Internal, "provider docker: make host key")
	}
	return pem.EncodeToMemory(block), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line))), nil
}
