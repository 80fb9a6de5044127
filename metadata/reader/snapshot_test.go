package reader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/pack"
)

func consulList(t *testing.T, keys map[string]string) []byte {
	type entry struct {
		LockIndex   int
		Key         string
		Flags       int
		Value       []byte
		CreateIndex int
	}
	var list []entry
	for key, value := range keys {
		list = append(list, entry{Key: key, Value: []byte(value)})
	}
	body, err := json.Marshal(list)
	require.NoError(t, err)
	return body
}

// Readers in tight loops, from every source, see only whole revisions while 500 nodes are added and removed (B1).
func TestNobodySeesHalfARevision(t *testing.T) {
	t.Parallel()
	p := start(t)
	trees := map[int64]metadata.Tree{}
	for rev, nodes := range []int{3, 503, 4, 504, 3} {
		trees[int64(rev+1)] = build(t, record(nodes))
	}
	p.publish(t, 1, trees[1])

	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	seen := make([]map[int64]int, 3)
	loop := func(i int, read func(*Reader) (*tree, error)) {
		seen[i] = map[int64]int{}
		readers.Go(func() {
			r := p.reader()
			for ctx.Err() == nil {
				got, err := read(r)
				if ctx.Err() != nil {
					return
				}
				if err != nil || !metadata.Diff(trees[got.revision], got.asTree()).Empty() {
					t.Errorf("reader %d: not a whole revision: %v", i, err)
					return
				}
				seen[i][got.revision]++
			}
		})
	}
	loop(0, func(r *Reader) (*tree, error) { // follows changes
		s, err := r.Snapshot(ctx, clusterID)
		if err != nil {
			return nil, err
		}
		return s.own, nil
	})
	loop(1, func(r *Reader) (*tree, error) { return r.unpack(ctx, clusterID, false) })
	loop(2, func(r *Reader) (*tree, error) { return r.list(ctx, clusterID) })

	for rev := int64(2); rev <= 5; rev++ {
		p.publish(t, rev, trees[rev])
	}
	cancel()
	readers.Wait()
	for i := range seen {
		t.Logf("reader %d read revisions %v", i, seen[i])
		require.NotEmpty(t, seen[i])
	}
}

// During an unfinished publish, a reader of the documented keys waits and then returns the new revision.
func TestListWaitsWhileInFlux(t *testing.T) {
	t.Parallel()
	p := start(t)
	tree := build(t, record(2))
	p.publish(t, 1, tree)
	root := p.prefix + "/clusters/" + clusterID + "/"
	put := func(key, value string) {
		_, err := p.client.KV().Put(&api.KVPair{Key: root + key, Value: []byte(value)}, nil)
		require.NoError(t, err)
	}
	put(pack.FluxKey, `{"revision":2,"writer":"op"}`)
	put("self/env/quota", "half")

	got := make(chan *read, 1)
	go func() {
		whole, err := p.reader().list(t.Context(), clusterID)
		got <- &read{whole, err}
	}()
	// The packed form still has the last whole revision meanwhile.
	s, err := p.reader().Snapshot(t.Context(), clusterID)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.Revision)
	require.Equal(t, tree, s.own.asTree())
	select {
	case <-got:
		require.Fail(t, "read a half tree")
	default:
	}
	tree["self/env/quota"] = "whole"
	p.publish(t, 2, tree)
	after := <-got
	require.NoError(t, after.err)
	require.EqualValues(t, 2, after.revision)
	require.Equal(t, tree, after.asTree())
}

type read struct {
	*tree
	err error
}

// A reader that follows the changes always has the tree of a new reader.
func TestFollowingEqualsReadingAfresh(t *testing.T) {
	t.Parallel()
	p := start(t)
	follower := p.reader()
	for i, nodes := range []int{2, 3, 3, 1, 40, 41, 0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14} {
		rec := record(nodes)
		rec.Spec.Env["turn"] = fmt.Sprint(i)
		tree := build(t, rec)
		p.publish(t, int64(i+1), tree)
		if i > 8 && i < 16 {
			continue // falls behind by more than the recent changes
		}
		s, err := follower.Snapshot(t.Context(), clusterID)
		require.NoError(t, err)
		require.EqualValues(t, i+1, s.Revision)
		require.Equal(t, tree, s.own.asTree())
	}
}

// Documented keys of another writer count when their revision is newer than the packed tree.
func TestDocumentedKeysAreTheContract(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := p.reader()
	p.publish(t, 1, build(t, record(1)))
	_, err := r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)

	root := p.prefix + "/clusters/" + clusterID + "/"
	for _, kv := range [][2]string{{"self/env/quota", "by hand"}, {"revision", "2\n"}} {
		_, err := p.client.KV().Put(&api.KVPair{Key: root + kv[0], Value: []byte(kv[1])}, nil)
		require.NoError(t, err)
	}
	rev, err := r.WaitRevision(t.Context(), clusterID, 1)
	require.NoError(t, err)
	require.EqualValues(t, 2, rev)
	s, err := r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)
	require.EqualValues(t, 2, s.Revision)
	require.Equal(t, "by hand", s.View(Self{})["/env/quota"])

	// The next publish makes packed and documented form agree again.
	tree := build(t, record(2))
	p.publish(t, 3, tree)
	s, err = r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)
	require.Equal(t, tree, s.own.asTree())
	require.True(t, s.own.packed)
}

func TestLinksAreExpanded(t *testing.T) {
	t.Parallel()
	p := start(t)
	other := record(2)
	other.ClusterID = "cl-00000002"
	p.publishFor(t, other.ClusterID, 1, build(t, other))
	rec := record(1)
	rec.Spec.Links = map[string]string{"kv": other.ClusterID, "gone": "cl-nowhere"}
	p.publish(t, 1, build(t, rec))

	r := p.reader()
	s, err := r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)
	view := s.View(Self{Role: "kv", InstanceID: "i-00000000"})
	require.Equal(t, "10.0.0.1", view["/links/kv/hosts/kv/i-00000001/ip"])
	require.Equal(t, other.ClusterID, view["/links/kv/cluster/cluster_id"])
	for key := range view {
		require.NotContains(t, key, "/links/gone")
	}
	require.Equal(t, map[string]int64{other.ClusterID: 1}, s.Linked())

	require.NoError(t, p.store.Forget(t.Context(), other.ClusterID, "op"))
	s, err = r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)
	require.Empty(t, s.Linked())
}

func TestOddNamesSurviveConsul(t *testing.T) {
	t.Parallel()
	p := start(t)
	rec := record(1)
	for i, name := range []string{
		"a.b", "-p", "--", "a b", "größe", "日本", "%2F", "?raw", "#", "a+b&c=d", `"\`, "<script>", "...", "a:b", "*[x]",
	} {
		rec.Spec.Env[name] = fmt.Sprintf("%d\n\x00\xff", i)
	}
	tree := build(t, rec)
	p.publish(t, 1, tree)
	for name, way := range map[string]func(*Reader) (*read, error){
		"packed": func(r *Reader) (*read, error) {
			got, err := r.unpack(t.Context(), clusterID, true)
			return &read{got, err}, err
		},
		"documented": func(r *Reader) (*read, error) {
			got, err := r.list(t.Context(), clusterID)
			return &read{got, err}, err
		},
	} {
		got, err := way(p.reader())
		require.NoError(t, err, name)
		require.Equal(t, tree, got.asTree(), name)
	}
}

func TestSnapshotOfNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := p.reader()
	_, err := r.Snapshot(t.Context(), clusterID)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)

	p.publish(t, 1, build(t, record(1)))
	_, err = r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)
	require.NoError(t, p.store.Forget(t.Context(), clusterID, "op"))
	_, err = r.Snapshot(t.Context(), clusterID)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)

	// An unfinished first registration is not returned: the reader waits for its end.
	_, err = p.client.KV().Put(&api.KVPair{
		Key: p.prefix + "/clusters/" + clusterID + "/" + pack.FluxKey, Value: []byte(`{"revision":1,"writer":"op"}`),
	}, nil)
	require.NoError(t, err)
	got := make(chan result, 1)
	go func() {
		s, err := r.Snapshot(t.Context(), clusterID)
		if err == nil {
			err = sameTree(s.own, build(t, record(1)))
		}
		got <- result{err: err}
	}()
	p.publish(t, 1, build(t, record(1)))
	require.NoError(t, (<-got).err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Snapshot(ctx, clusterID)
	require.True(t, errors.Is(err, context.Canceled) && fault.Is(err, fault.Unreachable), "%v", err)
}

func sameTree(t *tree, want metadata.Tree) error {
	if !metadata.Diff(t.asTree(), want).Empty() {
		return errors.New("another tree")
	}
	return nil
}
