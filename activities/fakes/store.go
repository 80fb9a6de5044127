package fakes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
)

// Store keeps records, trees and applications in memory with the semantics of metadata/store.
type Store struct {
	mu         sync.Mutex
	index      uint64
	records    map[string]stored
	trees      map[string]Published
	history    map[string][]Published
	apps       map[string]store.App
	operations map[string]string
}

type stored struct {
	data  []byte
	index uint64
}

// Published is one revision of a cluster's metadata.
type Published struct {
	Revision int64
	Writer   string
	Tree     metadata.Tree
}

// NewStore makes an empty store.
func NewStore() *Store {
	return &Store{records: map[string]stored{}, trees: map[string]Published{}, history: map[string][]Published{}, apps: map[string]store.App{}, operations: map[string]string{}}
}

// Record reads a control record and its index.
func (s *Store) Record(_ context.Context, id string) (*lifecycle.Record, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[id]
	if !ok {
		return nil, 0, fault.New(fault.NotFound, "cluster %s does not exist", id).At(id, "", "")
	}
	var rec lifecycle.Record
	if err := json.Unmarshal(r.data, &rec); err != nil {
		return nil, 0, err
	}
	return &rec, r.index, nil
}

// PutRecord writes a control record if nobody wrote it since index.
func (s *Store) PutRecord(_ context.Context, rec *lifecycle.Record, index uint64) (uint64, error) {
	data, err := json.Marshal(rec)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records[rec.ClusterID].index != index {
		return 0, fault.New(fault.Conflict, "the control record of %s changed", rec.ClusterID)
	}
	s.index++
	s.records[rec.ClusterID] = stored{data, s.index}
	return s.index, nil
}

// DeleteRecord removes a control record; one that is not there is removed already.
func (s *Store) DeleteRecord(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, id)
	return nil
}

// Records reads all control records.
func (s *Store) Records(ctx context.Context) ([]*lifecycle.Record, error) {
	s.mu.Lock()
	ids := slices.Sorted(maps.Keys(s.records))
	s.mu.Unlock()
	var out []*lifecycle.Record
	for _, id := range ids {
		if rec, _, err := s.Record(ctx, id); err == nil {
			out = append(out, rec)
		}
	}
	return out, nil
}

// Publish makes tree the given revision.
func (s *Store) Publish(_ context.Context, id string, rev int64, writer string, tree metadata.Tree) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.trees[id]
	switch {
	case now.Revision == rev && now.Writer == writer:
		return nil
	case now.Revision+1 != rev:
		return fault.New(fault.Conflict, "metadata of cluster %s is at revision %d by %s", id, now.Revision, now.Writer)
	}
	s.trees[id] = Published{rev, writer, maps.Clone(tree)}
	s.history[id] = append(s.history[id], s.trees[id])
	return nil
}

// Remove removes the metadata of a cluster.
func (s *Store) Remove(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trees, id)
	delete(s.operations, id)
	return nil
}

// Disown has nothing to do: publishing in memory is never half-way.
func (s *Store) Disown(context.Context, string, string) error { return nil }

// SetOperation remembers which operation runs.
func (s *Store) SetOperation(_ context.Context, id, operation string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.operations[id] = operation
	if operation == "" {
		delete(s.operations, id)
	}
	return nil
}

// Operation is the one that runs on the cluster, "" when none does.
func (s *Store) Operation(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.operations[id]
}

// Tree is what nodes of the cluster see now; false when nothing is published.
func (s *Store) Tree(id string) (Published, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.trees[id]
	return p, ok
}

// History are all revisions that were ever visible, in order.
func (s *Store) History(id string) []Published {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.history[id])
}

// PutApp publishes a package; a version never changes.
func (s *Store) PutApp(_ context.Context, app store.App) error {
	sum := sha256.Sum256(app.Archive)
	app.Digest = hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	key := app.AppID + "/" + app.VersionID
	if there, ok := s.apps[key]; ok {
		if there.Digest == app.Digest {
			return nil
		}
		return fault.New(fault.Conflict, "version %s of %s is published with other content", app.VersionID, app.AppID)
	}
	s.apps[key] = app
	return nil
}

// App reads a published package.
func (s *Store) App(_ context.Context, appID, versionID string) (*store.App, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, ok := s.apps[appID+"/"+versionID]
	if !ok {
		return nil, fault.New(fault.NotFound, "%s %s is not published", appID, versionID)
	}
	return &app, nil
}

// Apps lists the published packages without their archives.
func (s *Store) Apps(context.Context) ([]store.App, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []store.App
	for _, key := range slices.Sorted(maps.Keys(s.apps)) {
		app := s.apps[key]
		app.Archive = nil
		out = append(out, app)
	}
	return out, nil
}
