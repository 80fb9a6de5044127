// Package target says how to reach a node over SSH, the one type for it from the provider that made the machine, through
// the control record, to the connection. It has no methods that connect; package remote does.
package target

// Target is an SSH server. Its JSON form is part of control records.
type Target struct {
	// NodeID is for texts only.
	NodeID string `json:"-"`
	Addr   string `json:"addr,omitempty"` // host:port
	User   string `json:"user,omitempty"`
	// HostKey is the key pinned at provisioning, one line as in authorized_keys: "ssh-ed25519 AAAA...".
	HostKey string `json:"host_key,omitempty"`
	// KeyFile is a private key on the worker to log in with; empty: the worker's own.
	KeyFile string `json:"key_file,omitempty"`
	// Jump is the host that the connection goes through; its key is verified like the node's. Nil: directly.
	Jump *Target `json:"jump,omitempty"`
}

// String is how errors name the target: "cln-xxxxxxxx at 10.0.0.1:22", or the address alone.
func (t Target) String() string {
	if t.NodeID == "" {
		return t.Addr
	}
	return t.NodeID + " at " + t.Addr
}

// Of is the target with the id of its node.
func (t Target) Of(nodeID string) Target {
	t.NodeID = nodeID
	return t
}
