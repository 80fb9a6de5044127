package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/pack"
	"drover/tests/stack/consultest"
)

// keys returns the stored keys of the cluster by path below its root.
func (p parts) keys(t testing.TB) map[string]string {
	t.Helper()
	_, client := consultest.Start(t)
	root := p.prefix + "/clusters/" + clusterID + "/"
	pairs, _, err := client.KV().List(root, nil)
	require.NoError(t, err)
	out := map[string]string{}
	for _, kv := range pairs {
		out[strings.TrimPrefix(kv.Key, root)] = string(kv.Value)
	}
	return out
}

// requirePublished checks that the documented keys are exactly the tree, no publish is unfinished, and agents read the
// same.
func (p parts) requirePublished(t testing.TB, rev int64, writer string, tree metadata.Tree) {
	t.Helper()
	keys := p.keys(t)
	require.NotContains(t, keys, pack.FluxKey)
	require.Equal(t, fmt.Sprint(rev), keys[pack.RevisionKey])
	require.Equal(t, writer, keys[pack.WriterKey])
	documented := metadata.Tree{}
	for key, value := range keys {
		if strings.HasPrefix(key, "self/") || strings.HasPrefix(key, "roles/") {
			documented[key] = value
		}
	}
	require.True(t, metadata.Diff(documented, tree).Empty())
	full, err := pack.ParseFull([]byte(keys[pack.FullKey]))
	require.NoError(t, err)
	require.Equal(t, rev, full.Revision)
	packed := metadata.Tree{}
	for _, e := range full.Entries {
		packed[strings.TrimPrefix(e.Key, "/")] = e.Value
	}
	require.True(t, metadata.Diff(packed, tree).Empty())
}

func TestPublishBringsTheTreeAndNothingElse(t *testing.T) {
	t.Parallel()
	p := start(t)
	for rev, nodes := range []int{3, 60, 2} { // one transaction, many, many deletes
		tree := build(t, record(nodes))
		require.NoError(t, p.publish(t, clusterID, int64(rev+1), "op", tree))
		p.requirePublished(t, int64(rev+1), "op", tree)
		got, err := p.store.Revision(t.Context(), clusterID)
		require.NoError(t, err)
		require.EqualValues(t, rev+1, got)
	}
}

func TestPublishAgainIsNoWrite(t *testing.T) {
	t.Parallel()
	p := start(t)
	tree := build(t, record(20))
	require.NoError(t, p.publish(t, clusterID, 1, "op", tree))
	p.store.FailAfter(func(int) error { return errors.New("wrote") })
	require.NoError(t, p.publish(t, clusterID, 1, "op", tree))
	p.requirePublished(t, 1, "op", tree)
}

func TestPublishWritesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	p := start(t)
	rec := record(30)
	require.NoError(t, p.publish(t, clusterID, 1, "op", build(t, rec)))
	_, client := consultest.Start(t)
	root := p.prefix + "/clusters/" + clusterID + "/"
	before := map[string]uint64{}
	pairs, _, err := client.KV().List(root+"self/", nil)
	require.NoError(t, err)
	for _, kv := range pairs {
		before[kv.Key] = kv.ModifyIndex
	}
	rec.Spec.Env["quota"] = "8"
	require.NoError(t, p.publish(t, clusterID, 2, "op", build(t, rec)))
	pairs, _, err = client.KV().List(root+"self/", nil)
	require.NoError(t, err)
	for _, kv := range pairs {
		require.Equal(t, kv.Key == root+"self/env/quota", kv.ModifyIndex != before[kv.Key], kv.Key)
	}
}

// A retry of the writer continues a publish that died after any transaction, and no other writer does.
func TestPublishContinuesAfterACrash(t *testing.T) {
	t.Parallel()
	small, large := build(t, record(1)), build(t, record(40))
	const transactions = 6
	for crash := range transactions {
		t.Run(fmt.Sprint(crash), func(t *testing.T) {
			t.Parallel()
			p := start(t)
			require.NoError(t, p.publish(t, clusterID, 1, "op-1", small))

			died := errors.New("died")
			last := -1
			p.store.FailAfter(func(n int) error {
				last = n
				if n == crash {
					return died
				}
				return nil
			})
			err := p.publish(t, clusterID, 2, "op-2", large)
			require.ErrorIs(t, err, died)
			require.Equal(t, crash, last)
			p.store.FailAfter(nil)

			if crash < transactions-1 {
				require.Contains(t, p.keys(t), pack.FluxKey)
				for _, rev := range []int64{2, 3} {
					err = p.publish(t, clusterID, rev, "op-3", small)
					require.True(t, fault.Is(err, fault.Conflict), "%v", err)
					require.ErrorContains(t, err, "op-2")
				}
			}
			require.NoError(t, p.publish(t, clusterID, 2, "op-2", large))
			p.requirePublished(t, 2, "op-2", large)
			require.NoError(t, p.publish(t, clusterID, 3, "op-3", small))
			p.requirePublished(t, 3, "op-3", small)
		})
	}
	t.Run("all transactions are covered", func(t *testing.T) {
		t.Parallel()
		p := start(t)
		count := 0
		require.NoError(t, p.publish(t, clusterID, 1, "op-1", small))
		p.store.FailAfter(func(int) error { count++; return nil })
		require.NoError(t, p.publish(t, clusterID, 2, "op-2", large))
		require.Equal(t, transactions, count)
	})
}

// Two attempts of one writer: the newer takes over, the older notices at its next transaction and does no harm.
func TestPublishFencesAnOlderAttempt(t *testing.T) {
	t.Parallel()
	p := start(t)
	tree := build(t, record(40))
	older := p
	older.store = p.again(t)
	older.store.FailAfter(func(n int) error {
		if n == 2 {
			require.NoError(t, p.publish(t, clusterID, 1, "op", tree))
		}
		return nil
	})
	require.NoError(t, older.publish(t, clusterID, 1, "op", tree), "finds that it is published")
	p.requirePublished(t, 1, "op", tree)
}

func TestDisownLetsTheNextWriterRepair(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.store.FailAfter(func(int) error { return errors.New("terminated") })
	require.Error(t, p.publish(t, clusterID, 1, "dead", build(t, record(40))))
	p.store.FailAfter(nil)

	require.NoError(t, p.store.Disown(t.Context(), clusterID, "dead"), "it may continue")
	small := build(t, record(2))
	require.True(t, fault.Is(p.publish(t, clusterID, 1, "next", small), fault.Conflict))
	require.True(t, fault.Is(p.store.Disown(t.Context(), clusterID, "other"), fault.Conflict), "it owns nothing")
	for range 2 {
		require.NoError(t, p.store.Disown(t.Context(), clusterID, "next"))
	}
	require.NoError(t, p.publish(t, clusterID, 1, "next", small))
	p.requirePublished(t, 1, "next", small)
}

func TestRemove(t *testing.T) {
	t.Parallel()
	p := start(t)
	tree := build(t, record(40))
	require.NoError(t, p.forget(t, clusterID), "nothing there")
	require.NoError(t, p.publish(t, clusterID, 1, "op", tree))
	have, err := p.store.Clusters(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{clusterID}, have)
	for range 2 {
		require.NoError(t, p.forget(t, clusterID))
		require.Empty(t, p.keys(t))
	}
	rev, err := p.store.Revision(t.Context(), clusterID)
	require.NoError(t, err)
	require.Zero(t, rev)
	have, err = p.store.Clusters(t.Context())
	require.NoError(t, err)
	require.Empty(t, have)

	// An unfinished publish must not recreate anything.
	require.NoError(t, p.publish(t, clusterID, 1, "op", build(t, record(1))))
	p.store.FailAfter(func(n int) error {
		if n == 1 {
			require.NoError(t, p.again(t).Forget(t.Context(), clusterID, "op"))
		}
		return nil
	})
	require.True(t, fault.Is(p.publish(t, clusterID, 2, "op", tree), fault.NotFound))
	require.Empty(t, p.keys(t))
}

// Republish repairs keys that another program wrote, changed or deleted; Publish does not check them.
func TestRepublishPutsKeysRight(t *testing.T) {
	t.Parallel()
	p := start(t)
	tree := build(t, record(3))
	require.NoError(t, p.publish(t, clusterID, 1, "op", tree))
	_, client := consultest.Start(t)
	root, keys := p.prefix+"/clusters/"+clusterID+"/", slices.Sorted(maps.Keys(tree))
	_, err := client.KV().Delete(root+keys[0], nil)
	require.NoError(t, err)
	for _, key := range []string{keys[1], "self/hosts/unknown/i-99999999/ip"} {
		_, err = client.KV().Put(&api.KVPair{Key: root + key, Value: []byte("else")}, nil)
		require.NoError(t, err)
	}
	require.NoError(t, p.publish(t, clusterID, 2, "op", tree))
	require.Equal(t, "else", p.keys(t)[keys[1]])
	require.NoError(t, p.store.Republish(t.Context(), clusterID, 3, "op", tree))
	p.requirePublished(t, 3, "op", tree)
}

func TestPublishLargeValues(t *testing.T) {
	t.Parallel()
	p := start(t)
	tree := metadata.Tree{}
	for i := range 6 {
		tree[fmt.Sprintf("self/env/large-%d", i)] = strings.Repeat(fmt.Sprint(i), 200<<10)
	}
	tree["self/env/bytes"] = "\x00\xff\xfe"
	require.NoError(t, p.publish(t, clusterID, 1, "op", tree))
	p.requirePublished(t, 1, "op", tree)

	tree["self/env/over"] = strings.Repeat("x", 512<<10)
	err := p.publish(t, clusterID, 2, "op", tree)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.ErrorContains(t, err, "self/env/over")
	require.ErrorContains(t, err, fmt.Sprint(512<<10))
}
