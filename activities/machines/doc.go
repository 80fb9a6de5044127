// Package machines makes, changes and releases the machines and volumes of nodes at their provider, and records what the
// provider answered. It logs in to no machine and publishes nothing; which nodes it is about is decided by workflows,
// which call it in the steps that provision, scale, upgrade, power and release.
package machines

import (
	"time"

	"drover/activities/internal/attempt"
	"drover/activities/internal/control"
	"drover/activities/internal/ledger"
	"drover/activities/internal/views"
	"drover/providers"
)

// KeyPairs makes the key pair of one node of a passphraseless role: an authorized_keys line and an OpenSSH private key
// in PEM. The comment names the node.
type KeyPairs func(comment string) (public, private string, err error)

// RecordStore keeps control records.
type RecordStore interface {
	control.Store
	views.Reader
}

// Activities make, change and release machines.
type Activities struct {
	Records   RecordStore
	Ledger    ledger.Store
	Attempt   attempt.Check
	Providers providers.Set
	KeyPairs  KeyPairs
	// AuthorizedKey is the public half of the key that Drover logs in to nodes with (authorized_keys line).
	AuthorizedKey string
	Now           func() time.Time
}

// NodesInput names nodes of a cluster.
type NodesInput struct {
	ClusterID string   `json:"cluster_id"`
	Nodes     []string `json:"nodes"`
}
