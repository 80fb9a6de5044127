package agents

import (
	"context"

	"drover/lifecycle"
)

// privateKeyFile is where a node of a passphraseless role finds its key.
const privateKeyFile = "/root/.ssh/id_rsa"

// putKeys gives a node of a passphraseless role its key pair.
func (a *Activities) putKeys(ctx context.Context, n lifecycle.Node) error {
	if n.PrivateKey == "" {
		return nil
	}
	if err := a.Agents.Put(ctx, n, privateKeyFile, []byte(n.PrivateKey), 0o600); err != nil {
		return err
	}
	return a.Agents.Put(ctx, n, privateKeyFile+".pub", []byte(n.PubKey+"\n"), 0o644)
}
