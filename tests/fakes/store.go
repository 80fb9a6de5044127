package fakes

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// Store keeps records, trees and applications in memory with the semantics of metadata/store.
type Store struct {
	mu         sync.Mutex
	index      uint64
	records    map[string]stored
	views      map[string]metadata.View
	trees      map[string]Published
	history    map[string][]Published
	apps       map[string]metadata.App
	described  map[string]uint64 // by version: when its description was written
	used       map[string]uint64 // by version: when a cluster got it last
	operations map[string]string
	orphans    []lifecycle.Orphan
	lives      map[string]metadata.Live
	// MaxRecord bounds records in bytes; 0: no bound.
	MaxRecord int
	// changed is closed and replaced whenever a tree is published.
	changed chan struct{}
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
	return &Store{
		records: map[string]stored{}, views: map[string]metadata.View{}, trees: map[string]Published{}, history: map[string][]Published{},
		apps: map[string]metadata.App{}, described: map[string]uint64{}, used: map[string]uint64{}, operations: map[string]string{}, changed: make(chan struct{}),
	}
}

// check refuses what Consul's store refuses or could not do: a name that is not a component of a key, an ended context.
func check(ctx context.Context, names ...string) error {
	for _, name := range names {
		if name == "" || strings.Contains(name, "/") || strings.ContainsFunc(name, unicode.IsControl) {
			return fault.New(fault.Invalid, "name %q cannot be used", name)
		}
	}
	if ctx.Err() != nil {
		return fault.Wrap(context.Cause(ctx), fault.Unreachable, "Consul cannot be reached")
	}
	return nil
}

// Record reads a control record and its index.
func (s *Store) Record(ctx context.Context, id string) (*lifecycle.Record, uint64, error) {
	if err := check(ctx, id); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, err := s.read(id)
	if err != nil {
		return nil, 0, err
	}
	return rec, s.records[id].index, nil
}

// PutRecord writes a control record if no process wrote it since index. Writing what is stored already succeeds.
func (s *Store) PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (uint64, error) {
	return s.putRecord(ctx, rec, index, nil)
}

// putRecord is PutRecord for a record that gets packages, which must be published.
func (s *Store) putRecord(ctx context.Context, rec *lifecycle.Record, index uint64, packages []lifecycle.Package) (uint64, error) {
	if err := check(ctx, rec.ClusterID); err != nil {
		return 0, err
	}
	if err := s.CheckRecord(rec); err != nil {
		return 0, err
	}
	data, err := json.Marshal(rec)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range packages {
		if s.apps[p.AppID+"/"+p.VersionID].Digest != p.Digest {
			return 0, fault.New(fault.Conflict, "version %s of %s was unpublished or replaced meanwhile", p.VersionID, p.AppID)
		}
	}
	now, exists := s.records[rec.ClusterID]
	switch {
	case now.index == index:
	case exists && bytes.Equal(now.data, data):
		return now.index, nil
	default:
		return 0, fault.New(fault.Conflict, "the control record of %s changed", rec.ClusterID)
	}
	s.index++
	for _, p := range packages {
		s.used[p.AppID+"/"+p.VersionID] = s.index
	}
	s.records[rec.ClusterID], s.views[rec.ClusterID] = stored{data, s.index}, metadata.ViewOf(rec)
	return s.index, nil
}

// CheckRecord refuses what Consul has no room for; compression is left out.
func (s *Store) CheckRecord(rec *lifecycle.Record) error {
	data, err := json.Marshal(rec)
	if err == nil && len(data) > s.MaxRecord && s.MaxRecord > 0 {
		err = fault.New(fault.Invalid, "the control record of cluster %s has %d bytes", rec.ClusterID, len(data))
	}
	return err
}

// LoseRecord removes a control record alone, as a user with access to Consul may.
func (s *Store) LoseRecord(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, id)
}

// LoseTree removes what nodes see of a cluster alone, as a user with access to Consul may.
func (s *Store) LoseTree(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trees, id)
	delete(s.operations, id)
}

// Backup remembers a cluster's record and tree; restore puts them back, as restoring Consul does.
func (s *Store) Backup(id string) (restore func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, tree := s.records[id], s.trees[id]
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.index++
		s.records[id], s.trees[id] = stored{rec.data, s.index}, tree
	}
}

// LeaveTree writes what nodes see of a cluster without a record, as a backup that was put back may.
func (s *Store) LeaveTree(id string, tree metadata.Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trees[id] = Published{1, "another run", maps.Clone(tree)}
}

// Damage makes a control record one that cannot be read.
func (s *Store) Damage(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index++
	s.records[id] = stored{[]byte("{"), s.index}
}

// read decodes a record; the caller holds the mutex.
func (s *Store) read(id string) (*lifecycle.Record, error) {
	r, ok := s.records[id]
	if !ok {
		return nil, fault.New(fault.NotFound, "cluster %s does not exist", id).At(id, "", "")
	}
	rec := new(lifecycle.Record)
	if err := json.Unmarshal(r.data, rec); err != nil {
		f := fault.Wrap(err, fault.Internal, "the control record of cluster %s cannot be read", id).At(id, "", "")
		f.Retryable = false
		return nil, f
	}
	return rec, nil
}

// owned refuses a run that does not own the cluster; the caller holds the mutex.
func (s *Store) owned(id, run string) error {
	rec, err := s.read(id)
	if err != nil {
		return err
	}
	return rec.OwnedBy(run)
}

// Publish makes tree the given revision.
func (s *Store) Publish(ctx context.Context, id string, rev int64, writer string, tree metadata.Tree) error {
	if err := check(ctx, id); err != nil {
		return err
	}
	if rev < 1 || writer == "" {
		return fault.New(fault.Invalid, "revision %d by %q", rev, writer)
	}
	for key := range tree {
		if !strings.HasPrefix(key, "self/") && !strings.HasPrefix(key, "roles/") || strings.HasSuffix(key, "/") {
			return fault.New(fault.Invalid, "key %q is not below self/ or roles/", key)
		}
	}
	if err := tree.CheckSizes(id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.owned(id, writer); err != nil {
		return err
	}
	now := s.trees[id]
	switch {
	case now.Revision == rev && now.Writer == writer:
		return nil
	case rev <= now.Revision:
		return fault.New(fault.Conflict, "metadata of cluster %s is at revision %d by %s", id, now.Revision, now.Writer)
	}
	s.trees[id] = Published{rev, writer, maps.Clone(tree)}
	s.history[id] = append(s.history[id], s.trees[id])
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// Republish is Publish: no other process writes here.
func (s *Store) Republish(ctx context.Context, id string, rev int64, writer string, tree metadata.Tree) error {
	return s.Publish(ctx, id, rev, writer, tree)
}

// Revision is the published one, 0 when there is none.
func (s *Store) Revision(ctx context.Context, id string) (int64, error) {
	if err := check(ctx, id); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trees[id].Revision, nil
}

// Clusters are the ids of the clusters that have metadata.
func (s *Store) Clusters(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.trees)), ctx.Err()
}

// Forget removes the metadata and the record of a cluster for the run that owns it.
func (s *Store) Forget(ctx context.Context, id, run string) error {
	if err := check(ctx, id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.owned(id, run); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	delete(s.records, id)
	delete(s.views, id)
	delete(s.trees, id)
	delete(s.operations, id)
	return nil
}

// Remove removes the metadata of a cluster that has no record.
func (s *Store) Remove(ctx context.Context, id string) error {
	if err := check(ctx, id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.records[id]; ok {
		return fault.New(fault.Conflict, "cluster %s has a control record", id)
	}
	delete(s.trees, id)
	delete(s.operations, id)
	return nil
}

// Disown has nothing to do: publishing in memory is never half-way.
func (s *Store) Disown(ctx context.Context, id, _ string) error { return check(ctx, id) }

// SetOperation remembers which operation runs, or the mark of a state.
func (s *Store) SetOperation(ctx context.Context, id, run, operation string) error {
	if err := check(ctx, id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.owned(id, run); err != nil {
		return err
	}
	s.operations[id] = operation
	if operation == "" {
		delete(s.operations, id)
	}
	return nil
}

// Operation is the one that runs on the cluster, or the mark of its state.
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

// Look gives what is published as it is.
func (s *Store) Look(ctx context.Context, id string) (metadata.Look, error) {
	if err := check(ctx, id); err != nil {
		return metadata.Look{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.trees[id]
	out := metadata.Look{Root: "drover/clusters/" + id + "/", Revision: p.Revision, Keys: metadata.Tree{}, Operation: s.operations[id]}
	maps.Copy(out.Keys, p.Tree)
	return out, nil
}

// SetLive is what the sentinel would know of a cluster.
func (s *Store) SetLive(l metadata.Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lives == nil {
		s.lives = map[string]metadata.Live{}
	}
	s.lives[l.ClusterID] = l
}

// Live is part of reads.LiveStore.
func (s *Store) Live(ctx context.Context, clusterID string) (metadata.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lives[clusterID], check(ctx, clusterID)
}

// Lives is part of reads.LiveStore.
func (s *Store) Lives(ctx context.Context) (map[string]metadata.Live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.lives), ctx.Err()
}
