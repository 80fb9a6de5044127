package daemon

import (
	"context"

	"drover/agent/api"
	"drover/metadata/pack"
	"drover/metadata/reader"
)

// Source is where metadata comes from: Consul, or a fake in tests.
type Source interface {
	// WaitRevision blocks until a cluster's revision is another one than after; without metadata it is 0.
	WaitRevision(ctx context.Context, clusterID string, after int64) (int64, error)
	// Read gives the newest published tree as this node sees it; NotFound without one.
	Read(ctx context.Context) (Snapshot, error)
	// Operation names the operation that runs on a cluster now, or the state of one that is not active; "" is neither.
	Operation(ctx context.Context, clusterID string) (string, error)
	// Beat reports the state of this node; NotFound while the cluster has no metadata.
	Beat(ctx context.Context, b pack.Beat) error
}

// Snapshot is one consistent view.
type Snapshot struct {
	Revision int64
	// Linked are the revisions of the linked clusters by id.
	Linked map[string]int64
	// Keys makes the map templates see, and Secrets lists those of its keys that only root may read over HTTP; they are
	// called only if something changed.
	Keys    func() map[string]string
	Secrets func() []string
	// With makes the map as it would be with other keys of the cluster, as they are stored.
	With func(set map[string]string, drop []string) map[string]string
}

// consul reads through drover/metadata/reader.
type consul struct {
	*reader.Reader
	cluster string
	node    string
	self    reader.Self
}

// newConsul makes the source named by the agent's settings; it does not connect yet.
func newConsul(c api.Config) *consul {
	return &consul{
		Reader:  reader.New(reader.Options{Addr: c.Consul, Token: c.Token, Prefix: c.KVPrefix}),
		cluster: c.ClusterID, node: c.NodeID,
		self: reader.Self{Role: c.Role, InstanceID: c.InstanceID, RootAccess: c.MetadataRootAccess},
	}
}

// Beat is part of Source.
func (c *consul) Beat(ctx context.Context, b pack.Beat) error {
	return c.Reader.Beat(ctx, c.cluster, c.node, b)
}

// Read is part of Source.
func (c *consul) Read(ctx context.Context) (Snapshot, error) {
	s, err := c.Snapshot(ctx, c.cluster)
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{
		Revision: s.Revision, Linked: s.Linked(),
		Keys:    func() map[string]string { return s.View(c.self) },
		Secrets: func() []string { return s.Secrets(c.self) },
		With:    func(set map[string]string, drop []string) map[string]string { return s.With(set, drop).View(c.self) },
	}, nil
}
