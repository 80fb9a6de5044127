package store_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/reader"
	"drover/remote/target"
	"drover/tests/stack/consultest"
)

// The tree of a cluster is deleted by another program, or rolled back with all of Consul: the next revision repairs it.
func TestPublishAfterALoss(t *testing.T) {
	t.Parallel()
	_, client := consultest.Start(t)
	p := start(t)
	trees := map[int64]metadata.Tree{}
	for rev := int64(1); rev <= 6; rev++ {
		trees[rev] = build(t, record(int(rev)))
	}
	root := p.prefix + "/clusters/" + clusterID + "/"
	for rev := int64(1); rev <= 2; rev++ {
		require.NoError(t, p.publish(t, clusterID, rev, "op", trees[rev]))
	}
	backup, _, err := client.KV().List(root, nil)
	require.NoError(t, err)
	require.NoError(t, p.publish(t, clusterID, 3, "op", trees[3]))

	r := p.reader()
	sees := func(rev int64, tree metadata.Tree) {
		t.Helper()
		s, err := r.Snapshot(t.Context(), clusterID)
		require.NoError(t, err)
		require.Equal(t, rev, s.Revision)
		hosts := 0
		for key := range tree {
			if _, there := s.View(reader.Self{})["/"+key[len("self/"):]]; key[:5] == "self/" && there {
				hosts++
			}
		}
		require.Positive(t, hosts)
		p.requirePublished(t, rev, "op", tree)
	}
	sees(3, trees[3])

	_, err = client.KV().DeleteTree(root, nil)
	require.NoError(t, err)
	require.NoError(t, p.publish(t, clusterID, 4, "op", trees[4]), "a revision that leaves a gap")
	sees(4, trees[4])

	_, err = client.KV().DeleteTree(root, nil)
	require.NoError(t, err)
	for _, kv := range backup {
		_, err = client.KV().Put(kv, nil)
		require.NoError(t, err)
	}
	require.NoError(t, p.store.Republish(t.Context(), clusterID, 5, "op", trees[5]))
	sees(5, trees[5])

	// The keys may have invalid values.
	for _, key := range []string{"revision", "revisions/flux", "revisions/full"} {
		_, err = client.KV().Put(&api.KVPair{Key: root + key, Value: []byte("nonsense")}, nil)
		require.NoError(t, err)
	}
	require.NoError(t, p.publish(t, clusterID, 6, "op", trees[6]))
	sees(6, trees[6])
}

// One unreadable value does not affect others, is named, and is not retried.
func TestDamagedValuesStandInNobodysWay(t *testing.T) {
	t.Parallel()
	_, client := consultest.Start(t)
	p := start(t)
	put := func(key string) {
		_, err := client.KV().Put(&api.KVPair{Key: p.prefix + key, Value: []byte("{")}, nil)
		require.NoError(t, err)
	}
	_, err := p.store.PutRecord(t.Context(), record(1), 0)
	require.NoError(t, err)
	put("/state/cl-damaged0")
	all := every(t, p.store)
	require.Len(t, all, 2)
	require.Equal(t, lifecycle.Unreadable, all[0].State)
	require.Equal(t, "cl-damaged0", all[0].ClusterID)
	require.Contains(t, all[0].Reason, "/state/cl-damaged0")
	_, _, err = p.store.Record(t.Context(), "cl-damaged0")
	require.True(t, fault.Is(err, fault.Internal), "%v", err)
	require.False(t, fault.As(err).Retryable)

	whole := lifecycle.Orphan{ClusterID: clusterID, Provider: "local", Kind: lifecycle.KindVolume, ID: "vol-1"}
	require.NoError(t, p.store.PutOrphans(t.Context(), []lifecycle.Orphan{whole}))
	put("/orphans/" + clusterID + "/local/instance/_i%2F1")
	put("/orphans/odd")
	ledger, err := p.store.Orphans(t.Context())
	require.NoError(t, err)
	require.Len(t, ledger, 3)
	require.Equal(t, []string{"local", lifecycle.KindInstance, "i/1"}, []string{ledger[0].Provider, ledger[0].Kind, ledger[0].ID}, "its key says all")
	require.Contains(t, ledger[0].Reason, "cannot be read")
	require.Equal(t, []string{lifecycle.KindUnreadable, p.prefix + "/orphans/odd"}, []string{ledger[2].Kind, ledger[2].ID})
	require.NoError(t, p.store.DropOrphan(t.Context(), ledger[0]))

	require.NoError(t, p.store.PutApp(t.Context(), metadata.App{AppID: "app", VersionID: "1", Archive: []byte("x")}))
	put("/apps/app/2")
	apps, err := p.store.Apps(t.Context())
	require.NoError(t, err)
	require.Len(t, apps, 2)
	require.Empty(t, apps[0].Problem)
	require.Contains(t, apps[1].Problem, "/apps/app/2")
}

// A cluster with a record of the largest size can still be deleted: the state of operations has reserved room.
func TestALargeRecordCanBeEnded(t *testing.T) {
	t.Parallel()
	p := start(t)
	rec := record(300)
	for i := range rec.Nodes {
		rec.Nodes[i].SSH = target.Target{Addr: "10.0.0.1:22"}
	}
	noise := func(n int) string { // it cannot be compressed to less than half
		b := make([]byte, n)
		_, _ = rand.Read(b)
		return hex.EncodeToString(b)
	}
	all := noise(500 << 10)
	largest := func(fits, not int) int { // the largest amount of noise that fits
		for not-fits > 1 {
			size := (fits + not) / 2
			rec.Values = map[string]any{"x": all[:size]}
			_, index, _ := p.store.Record(t.Context(), clusterID)
			if _, err := p.store.PutRecord(t.Context(), rec, index); err == nil {
				fits = size
			} else {
				require.True(t, fault.Is(err, fault.Invalid), "%v", err)
				require.ErrorContains(t, err, "the limit is")
				require.False(t, fault.As(err).Retryable)
				not = size
			}
		}
		return fits
	}
	size := largest(1, len(all))
	rec.Values = map[string]any{"x": all[:size]}
	_, index, err := p.store.Record(t.Context(), clusterID)
	require.NoError(t, err)
	index, err = p.store.PutRecord(t.Context(), rec, index)
	require.NoError(t, err)

	rec.State, rec.Reason = lifecycle.Deleting, noise(1<<10)
	rec.Operation = lifecycle.Operation{Seq: 99, Type: "DeleteCluster", RunID: "run-99", State: "running", Skipped: []string{noise(512)}, Chose: map[string]string{}}
	for i := range rec.Nodes {
		n := &rec.Nodes[i]
		rec.Releasing, rec.Deleting = append(rec.Releasing, n.ID), append(rec.Deleting, n.ID)
		n.NextInstanceID = fmt.Sprintf("i-%s", noise(4))
		rec.Operation.Chose[n.ID] = ""
	}
	_, err = p.store.PutRecord(t.Context(), rec, index)
	require.NoError(t, err)
	require.NoError(t, p.store.Forget(t.Context(), clusterID, "run-99"))

	// New nodes are refused before their machines are created: they will need room.
	rec = record(1)
	rec.Values = map[string]any{"x": all[:size]}
	for range 300 {
		rec.Nodes = append(rec.Nodes, lifecycle.Node{ID: "cln-1"})
	}
	_, err = p.store.PutRecord(t.Context(), rec, 0)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}
