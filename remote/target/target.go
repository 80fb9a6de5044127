// Package target describes the SSH server of a node: one type for it from the provider that made the machine, through
// the control record, to the connection. It does not connect; package remote does.
package target

// Target is an SSH server. Its JSON form is part of control records.
type Target struct {
	// NodeID is used in texts only.
	NodeID string `json:"-"`
	Addr   string `json:"addr,omitempty"` // host:port
	User   string `json:"user,omitempty"`
	// HostKey is the key pinned at provisioning, one line as in authorized_keys: "ssh-ed25519 AAAA...".
	HostKey string `json:"host_key,omitempty"`
	// KeyFile is the file of a private key on the worker for the login; empty: the worker's own key.
	KeyFile string `json:"key_file,omitempty"`
	// Jump is the jump host of the connection; its key is verified like the node's. Nil: a direct connection.
	Jump *Target `json:"jump,omitempty"`
}

// String is the target's name in errors: "cln-xxxxxxxx at 10.0.0.1:22", or the address alone.
func (t Target) String() string {
	if t.NodeID == "" {
		return t.Addr
	}
	return t.NodeID + " at " + t.Addr
}

// Of returns the target with the id of its node.
func (t Target) Of(nodeID string) Target {
	t.NodeID = nodeID
	return t
}
