package local

import (
	"crypto/ed25519"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"

	"drover/fault"
)

// makeHostKey makes an instance's host key once and returns its public line.
func (p *Provider) makeHostKey(id string) (string, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "provider local: make host key")
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "provider local: make host key")
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "provider local: make host key")
	}
	if err := writeFile(p.nodeDir(id, "host_key"), pem.EncodeToMemory(block)); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), nil
}
