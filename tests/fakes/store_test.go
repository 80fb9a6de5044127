package fakes_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/reader"
	"drover/metadata/store"
	"drover/specs"
	"drover/tests/fakes"
	"drover/tests/stack/consultest"
)

// stores is everything activities ask of a store.
type stores interface {
	activities.RecordStore
	activities.TreeStore
	activities.AppStore
	activities.OrphanStore
}

// storeWorld is one store, empty, and what nodes see of it.
type storeWorld struct {
	*testing.T
	stores
	// seen is what a node reads: revision 0 when nothing is published.
	seen func(id string) (int64, map[string]string)
	// operation is what a node is told about the running operation.
	operation func(id string) string
}

func inMemory(t *testing.T) storeWorld {
	s := fakes.NewStore()
	return storeWorld{
		T: t, stores: s, operation: s.Operation,
		seen: func(id string) (int64, map[string]string) {
			p, _ := s.Tree(id)
			return p.Revision, p.Tree
		},
	}
}

func onConsul(t *testing.T) storeWorld {
	addr, client := consultest.Start(t)
	prefix := consultest.Prefix()
	s := store.New(client, prefix)
	nodes := reader.New(reader.Options{Addr: addr, Prefix: prefix})
	return storeWorld{
		T: t, stores: s,
		seen: func(id string) (int64, map[string]string) {
			rev, err := s.Revision(t.Context(), id)
			require.NoError(t, err)
			root := prefix + "/clusters/" + id + "/"
			pairs, _, err := client.KV().List(root, nil)
			require.NoError(t, err)
			tree := map[string]string{}
			for _, kv := range pairs {
				if key := strings.TrimPrefix(kv.Key, root); strings.HasPrefix(key, "self/") || strings.HasPrefix(key, "roles/") {
					tree[key] = string(kv.Value)
				}
			}
			return rev, tree
		},
		operation: func(id string) string {
			op, err := nodes.Operation(t.Context(), id)
			require.NoError(t, err)
			return op
		},
	}
}

const (
	id    = "cl-aaaaaaaa"
	other = "cl-bbbbbbbb"
)

func record(cluster, run string) *lifecycle.Record {
	return &lifecycle.Record{
		ClusterID: cluster, Name: "n", Spec: &specs.Cluster{}, Nodes: []lifecycle.Node{{ID: "cln-1", SID: 1}},
		Operation: lifecycle.Operation{Seq: 1, RunID: run},
	}
}

func (w storeWorld) own(id, run string) {
	w.Helper()
	consultest.Own(w, w.stores, id, run)
}

// publish publishes as the owner of the cluster.
func (w storeWorld) publish(id string, rev int64, run string, tree metadata.Tree) error {
	w.Helper()
	w.own(id, run)
	return w.Publish(w.Context(), id, rev, run, tree)
}

func (w storeWorld) requireFault(want fault.Type, err error) {
	w.Helper()
	require.Truef(w, fault.Is(err, want), "want %s: %v", want, err)
}

// TestStores runs the same behaviours against the fake and against Consul.
func TestStores(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) storeWorld{"fake": inMemory, "consul": onConsul} {
		for _, b := range behaviours {
			t.Run(name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				b.check(open(t))
			})
		}
	}
}

var behaviours = []struct {
	name  string
	check func(storeWorld)
}{
	{"record round trip", func(w storeWorld) {
		_, _, err := w.Record(w.Context(), id)
		w.requireFault(fault.NotFound, err)
		rec := record(id, "r1")
		index, err := w.PutRecord(w.Context(), rec, 0)
		require.NoError(w, err)
		require.NotZero(w, index)
		got, read, err := w.Record(w.Context(), id)
		require.NoError(w, err)
		require.Equal(w, index, read)
		require.Equal(w, rec, got)
		got.Nodes[0].IP = "changed by the caller alone"
		got, _, err = w.Record(w.Context(), id)
		require.NoError(w, err)
		require.Equal(w, rec, got)
	}},
	{"record compares and swaps", func(w storeWorld) {
		first, err := w.PutRecord(w.Context(), record(id, "r1"), 0)
		require.NoError(w, err)
		_, err = w.PutRecord(w.Context(), record(id, "r2"), 0)
		w.requireFault(fault.Conflict, err)
		second, err := w.PutRecord(w.Context(), record(id, "r2"), first)
		require.NoError(w, err)
		require.Greater(w, second, first)
		_, err = w.PutRecord(w.Context(), record(id, "r3"), first)
		w.requireFault(fault.Conflict, err)
		require.False(w, fault.As(err).Retryable)
		again, err := w.PutRecord(w.Context(), record(id, "r2"), first)
		require.NoError(w, err, "the answer to the same write was lost")
		require.Equal(w, second, again)
	}},
	{"record written from many sides has one winner", func(w storeWorld) {
		index, err := w.PutRecord(w.Context(), record(id, "r"), 0)
		require.NoError(w, err)
		errs := make([]error, 20)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = w.PutRecord(w.Context(), record(id, fmt.Sprint("r", i)), index) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			w.requireFault(fault.Conflict, err)
		}
		require.Equal(w, 1, won)
	}},
	{"record deleted", func(w storeWorld) {
		index, err := w.PutRecord(w.Context(), record(id, "r"), 0)
		require.NoError(w, err)
		for range 2 {
			require.NoError(w, w.Forget(w.Context(), id, "r"))
		}
		_, _, err = w.Record(w.Context(), id)
		w.requireFault(fault.NotFound, err)
		_, err = w.PutRecord(w.Context(), record(id, "r"), index)
		w.requireFault(fault.Conflict, err)
		_, err = w.PutRecord(w.Context(), record(id, "r"), 0)
		require.NoError(w, err)
	}},
	{"records are listed by id", func(w storeWorld) {
		all, err := w.RecordIDs(w.Context())
		require.NoError(w, err)
		require.Empty(w, all)
		for _, cluster := range []string{other, id} {
			_, err := w.PutRecord(w.Context(), record(cluster, "r"), 0)
			require.NoError(w, err)
		}
		all, err = w.RecordIDs(w.Context())
		require.NoError(w, err)
		require.Equal(w, []string{id, other}, all)
		var records, views []string
		require.NoError(w, w.EachRecord(w.Context(), func(rec *lifecycle.Record) error {
			records = append(records, rec.ClusterID)
			return nil
		}))
		require.NoError(w, w.EachView(w.Context(), []string{other, id, "cl-missing0"}, func(v metadata.View) error {
			views = append(views, v.ClusterID)
			return nil
		}))
		require.Equal(w, all, records)
		require.Equal(w, []string{other, id}, views, "in the order asked for")
	}},
	{"a name and a gsid belong to one cluster, and links are found", func(w storeWorld) {
		first, second := record(id, "r"), record(other, "r")
		first.Name, first.Nodes, first.Spec = "orders", []lifecycle.Node{{GSID: 7}}, &specs.Cluster{Links: map[string]string{"kv": other}}
		_, err := w.PutClaiming(w.Context(), first, 0, lifecycle.Claims{})
		require.NoError(w, err)
		second.Name = "orders"
		_, err = w.PutClaiming(w.Context(), second, 0, lifecycle.Claims{})
		w.requireFault(fault.Conflict, err)
		second.Name, second.Nodes = "invoices", []lifecycle.Node{{GSID: 7}}
		_, err = w.PutClaiming(w.Context(), second, 0, lifecycle.Claims{})
		w.requireFault(fault.Conflict, err)
		second.Nodes = []lifecycle.Node{{GSID: 8}}
		_, err = w.PutClaiming(w.Context(), second, 0, lifecycle.Claims{})
		require.NoError(w, err)
		for name, want := range map[string]string{"orders": id, "invoices": other, "none": ""} {
			holder, err := w.Holder(w.Context(), name)
			require.NoError(w, err)
			require.Equal(w, want, holder)
		}
		linking, err := w.Linking(w.Context(), other)
		require.NoError(w, err)
		require.Len(w, linking, 1)
		require.Equal(w, id, linking[0].ClusterID)
		linking, err = w.Linking(w.Context(), id)
		require.NoError(w, err)
		require.Empty(w, linking)
	}},
	{"publish is idempotent by revision and writer", func(w storeWorld) {
		require.NoError(w, w.publish(id, 1, "w1", metadata.Tree{"self/a": "1", "self/b": "1"}))
		require.NoError(w, w.publish(id, 2, "w1", metadata.Tree{"self/a": "2"}))
		require.NoError(w, w.publish(id, 2, "w1", metadata.Tree{"self/a": "2"}))
		rev, tree := w.seen(id)
		require.EqualValues(w, 2, rev)
		require.Equal(w, map[string]string{"self/a": "2"}, tree)
	}},
	{"publish takes later revisions only", func(w storeWorld) {
		tree := metadata.Tree{"self/a": "1"}
		require.NoError(w, w.publish(id, 3, "w1", tree), "what was published before was lost")
		for _, c := range []struct {
			rev    int64
			writer string
		}{{2, "w1"}, {2, "w2"}, {3, "w2"}} {
			err := w.publish(id, c.rev, c.writer, metadata.Tree{"self/a": "x"})
			w.requireFault(fault.Conflict, err)
			require.ErrorContains(w, err, "w1", "says who published")
			require.False(w, fault.As(err).Retryable)
		}
		_, seen := w.seen(id)
		require.Equal(w, map[string]string{"self/a": "1"}, seen)
		require.NoError(w, w.publish(id, 5, "w2", tree))
		w.requireFault(fault.Conflict, w.publish(id, 3, "w1", tree))
		require.NoError(w, w.publish(other, 1, "w1", tree), "clusters are apart")
	}},
	{"publish refuses what is not a tree", func(w storeWorld) {
		for _, c := range []struct {
			id     string
			rev    int64
			writer string
			tree   metadata.Tree
		}{
			{"a/b", 1, "w", nil}, {"", 1, "w", nil}, {id, 0, "w", nil}, {id, 1, "", nil},
			{id, 1, "w", metadata.Tree{"revision": "9"}}, {id, 1, "w", metadata.Tree{"self/a/": ""}},
		} {
			w.requireFault(fault.Invalid, w.Publish(w.Context(), c.id, c.rev, c.writer, c.tree))
		}
		rev, tree := w.seen(id)
		require.Zero(w, rev)
		require.Empty(w, tree)
	}},
	{"only the owner changes a cluster", func(w storeWorld) {
		require.NoError(w, w.publish(id, 1, "w1", metadata.Tree{"self/a": "1"}))
		w.own(id, "w2")
		for what, call := range map[string]func(run string) error{
			"publish":   func(run string) error { return w.Publish(w.Context(), id, 2, run, metadata.Tree{"self/a": "2"}) },
			"operation": func(run string) error { return w.SetOperation(w.Context(), id, run, "AddNodes") },
			"forget":    func(run string) error { return w.Forget(w.Context(), id, run) },
			"remove":    func(string) error { return w.Remove(w.Context(), id) },
		} {
			err := call("w1")
			require.Truef(w, fault.Is(err, fault.Conflict), "%s: %v", what, err)
			require.False(w, fault.As(err).Retryable, what)
		}
		_, seen := w.seen(id)
		require.Equal(w, map[string]string{"self/a": "1"}, seen)
		require.Empty(w, w.operation(id))
	}},
	{"remove", func(w storeWorld) {
		require.NoError(w, w.publish(id, 1, "w", metadata.Tree{"self/a": "1"}))
		require.NoError(w, w.publish(other, 1, "w", metadata.Tree{"self/a": "1"}))
		require.NoError(w, w.SetOperation(w.Context(), id, "w", "DeleteCluster"))
		for range 2 {
			require.NoError(w, w.Forget(w.Context(), id, "w"))
		}
		require.NoError(w, w.Remove(w.Context(), id), "nothing is left")
		rev, tree := w.seen(id)
		require.Zero(w, rev)
		require.Empty(w, tree)
		require.Empty(w, w.operation(id))
		rev, _ = w.seen(other)
		require.EqualValues(w, 1, rev)
		require.NoError(w, w.publish(id, 1, "w2", metadata.Tree{"self/a": "1"}), "it starts again")
	}},
	{"disown leaves what is published", func(w storeWorld) {
		w.own(id, "w")
		require.NoError(w, w.Disown(w.Context(), id, "w"))
		require.NoError(w, w.publish(id, 1, "w", metadata.Tree{"self/a": "1"}))
		require.NoError(w, w.Disown(w.Context(), id, "w"))
		require.NoError(w, w.publish(id, 1, "w", metadata.Tree{"self/a": "1"}))
		rev, tree := w.seen(id)
		require.EqualValues(w, 1, rev)
		require.Equal(w, map[string]string{"self/a": "1"}, tree)
	}},
	{"operation", func(w storeWorld) {
		require.Empty(w, w.operation(id))
		w.own(id, "w")
		require.NoError(w, w.SetOperation(w.Context(), id, "w", "CreateCluster"), "before anything is published")
		require.NoError(w, w.publish(id, 1, "w", metadata.Tree{"self/a": "1"}))
		require.Equal(w, "CreateCluster", w.operation(id))
		require.NoError(w, w.SetOperation(w.Context(), id, "w", "AddNodes"))
		require.Equal(w, "AddNodes", w.operation(id))
		require.Empty(w, w.operation(other))
		for range 2 {
			require.NoError(w, w.SetOperation(w.Context(), id, "w", ""))
			require.Empty(w, w.operation(id))
		}
		rev, _ := w.seen(id)
		require.EqualValues(w, 1, rev)
	}},
	{"the orphan ledger", func(w storeWorld) {
		ledger, err := w.Orphans(w.Context())
		require.NoError(w, err)
		require.Empty(w, ledger)
		o := lifecycle.Orphan{ClusterID: id, NodeID: "cln-1", Provider: "p", Kind: lifecycle.KindNetwork, ID: "a/b c", Since: "2026-01-01T00:00:00Z", Attempts: 1}
		unnamed := lifecycle.Orphan{ClusterID: other, Provider: "p", Kind: lifecycle.KindNetwork}
		many := []lifecycle.Orphan{unnamed, o}
		for i := range 200 {
			many = append(many, lifecycle.Orphan{ClusterID: other, Provider: "p", Kind: lifecycle.KindVolume, ID: fmt.Sprintf("vol-%03d", i)})
		}
		require.NoError(w, w.PutOrphans(w.Context(), many))
		again := o.Failed("2026-01-02T00:00:00Z", "away")
		require.NoError(w, w.PutOrphans(w.Context(), []lifecycle.Orphan{again}))
		ledger, err = w.Orphans(w.Context())
		require.NoError(w, err)
		require.Len(w, ledger, 202)
		require.Equal(w, again, ledger[0], "by cluster")
		for range 2 {
			require.NoError(w, w.DropOrphan(w.Context(), o))
		}
		ledger, err = w.Orphans(w.Context())
		require.NoError(w, err)
		require.Len(w, ledger, 201)
		require.NotContains(w, ledger, again)
		require.NoError(w, w.DropOrphan(w.Context(), unnamed))
		require.NoError(w, w.PutOrphans(w.Context(), nil))
		w.requireFault(fault.Invalid, w.PutOrphans(w.Context(), []lifecycle.Orphan{{ClusterID: "a/b", Provider: "p", Kind: "k"}}))
	}},
	{"app versions never change", func(w storeWorld) {
		_, err := w.App(w.Context(), "kv", "1")
		w.requireFault(fault.NotFound, err)
		app := metadata.App{AppID: "kv", VersionID: "1", Archive: []byte("one"), PublishedAt: "2026-01-01T00:00:00Z", Roles: []string{"a", ""}}
		require.NoError(w, w.PutApp(w.Context(), app))
		later := app
		later.PublishedAt = "2027-01-01T00:00:00Z"
		require.NoError(w, w.PutApp(w.Context(), later), "same content")
		other := app
		other.Archive = []byte("two")
		w.requireFault(fault.Conflict, w.PutApp(w.Context(), other))
		got, err := w.App(w.Context(), "kv", "1")
		require.NoError(w, err)
		require.Equal(w, "one", string(got.Archive))
		require.Equal(w, app.PublishedAt, got.PublishedAt)
		require.Equal(w, app.Roles, got.Roles)
		require.Len(w, got.Digest, 64)
		got.Archive[0] = 'x'
		got, err = w.App(w.Context(), "kv", "1")
		require.NoError(w, err)
		require.Equal(w, "one", string(got.Archive))
	}},
	{"app versions are yanked and offered again", func(w storeWorld) {
		w.requireFault(fault.NotFound, w.YankApp(w.Context(), "kv", "1", "2026-01-01T00:00:00Z"))
		app := metadata.App{AppID: "kv", VersionID: "1", Archive: []byte("one")}
		require.NoError(w, w.PutApp(w.Context(), app))
		for _, since := range []string{"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"} {
			require.NoError(w, w.YankApp(w.Context(), "kv", "1", since))
			require.NoError(w, w.PutApp(w.Context(), app), "published again")
			got, err := w.App(w.Context(), "kv", "1")
			require.NoError(w, err)
			require.Equal(w, "2026-01-01T00:00:00Z", got.Yanked)
		}
		require.NoError(w, w.YankApp(w.Context(), "kv", "1", ""))
		all, err := w.Apps(w.Context())
		require.NoError(w, err)
		require.Empty(w, all[0].Yanked)
	}},
	{"a version changes only while no cluster gets it", func(w storeWorld) {
		app := metadata.App{AppID: "kv", VersionID: "1", Archive: []byte("one")}
		require.NoError(w, w.PutApp(w.Context(), app))
		state := func() metadata.AppState {
			state, err := w.AppState(w.Context(), "kv", "1")
			require.NoError(w, err)
			return state
		}
		gets := func(id, digest string) error {
			rec := record(id, "run of "+id)
			rec.Name, rec.AppID, rec.VersionID, rec.Package = id, "kv", "1", digest
			_, err := w.PutClaiming(w.Context(), rec, 0, lifecycle.Claims{})
			return err
		}
		first := state()
		require.NoError(w, gets(id, first.Digest))
		next := app
		next.Archive = []byte("two")
		w.requireFault(fault.Conflict, w.DropApp(w.Context(), first))
		w.requireFault(fault.Conflict, w.ReplaceApp(w.Context(), next, first))
		got, err := w.App(w.Context(), "kv", "1")
		require.NoError(w, err)
		require.Equal(w, "one", string(got.Archive))

		second := state()
		require.NoError(w, w.ReplaceApp(w.Context(), next, second), "looking for clusters is the caller's part")
		w.requireFault(fault.Conflict, w.DropApp(w.Context(), second))
		w.requireFault(fault.Conflict, gets(other, first.Digest))
		_, _, err = w.Record(w.Context(), other)
		w.requireFault(fault.NotFound, err)
		got, err = w.App(w.Context(), "kv", "1")
		require.NoError(w, err)
		require.Equal(w, "two", string(got.Archive))
		third := state()
		require.NoError(w, w.YankApp(w.Context(), "kv", "1", "2026-01-01T00:00:00Z"))
		w.requireFault(fault.Conflict, w.DropApp(w.Context(), third))

		require.NoError(w, w.DropApp(w.Context(), state()))
		w.requireFault(fault.Conflict, gets(other, third.Digest))
		_, err = w.AppState(w.Context(), "kv", "1")
		w.requireFault(fault.NotFound, err)
		require.NoError(w, w.PutApp(w.Context(), app))
		require.NoError(w, gets(other, first.Digest))
	}},
	{"apps are listed without archives", func(w storeWorld) {
		for _, app := range []metadata.App{{AppID: "b", VersionID: "1"}, {AppID: "a", VersionID: "2"}, {AppID: "a-x", VersionID: "1"}, {AppID: "a", VersionID: "1"}} {
			app.Archive = []byte(app.AppID + app.VersionID)
			require.NoError(w, w.PutApp(w.Context(), app))
		}
		all, err := w.Apps(w.Context())
		require.NoError(w, err)
		var names []string
		for _, app := range all {
			names = append(names, app.AppID+" "+app.VersionID)
			require.Empty(w, app.Archive)
			require.Len(w, app.Digest, 64)
		}
		require.ElementsMatch(w, []string{"a 1", "a 2", "a-x 1", "b 1"}, names)
	}},
	{"apps that cannot be kept", func(w storeWorld) {
		for name, app := range map[string]metadata.App{
			"id":      {AppID: "a/b", VersionID: "1"},
			"version": {AppID: "a", VersionID: ""},
			"digest":  {AppID: "a", VersionID: "1", Archive: []byte("x"), Digest: strings.Repeat("0", 64)},
			"size":    {AppID: "a", VersionID: "1", Archive: make([]byte, store.MaxArchive+1)},
		} {
			require.Truef(w, fault.Is(w.PutApp(w.Context(), app), fault.Invalid), name)
		}
		all, err := w.Apps(w.Context())
		require.NoError(w, err)
		require.Empty(w, all)
	}},
	{"names that are not a part of a key", func(w storeWorld) {
		for _, name := range []string{"", "a/b", "a\nb"} {
			for what, err := range w.all(w.Context(), name) {
				require.Truef(w, fault.Is(err, fault.Invalid), "%s of %q: %v", what, name, err)
			}
		}
	}},
	{"an ended context", func(w storeWorld) {
		ctx, cancel := context.WithCancelCause(w.Context())
		cancel(errors.New("enough"))
		for what, err := range w.all(ctx, id) {
			require.Truef(w, fault.Is(err, fault.Unreachable), "%s: %v", what, err)
			require.True(w, fault.As(err).Retryable)
		}
		_, _, err := w.Record(w.Context(), id)
		w.requireFault(fault.NotFound, err)
	}},
}

// all is what every call that takes a name answers.
func (w storeWorld) all(ctx context.Context, name string) map[string]error {
	out := map[string]error{}
	_, _, out["Record"] = w.Record(ctx, name)
	_, out["PutRecord"] = w.PutRecord(ctx, record(name, "r"), 0)
	out["Forget"] = w.Forget(ctx, name, "w")
	out["Publish"] = w.Publish(ctx, name, 1, "w", metadata.Tree{"self/a": "1"})
	out["Remove"] = w.Remove(ctx, name)
	out["Disown"] = w.Disown(ctx, name, "w")
	out["SetOperation"] = w.SetOperation(ctx, name, "w", "CreateCluster")
	out["PutApp"] = w.PutApp(ctx, metadata.App{AppID: name, VersionID: "1"})
	_, out["App"] = w.App(ctx, name, "1")
	_, out["AppState"] = w.AppState(ctx, name, "1")
	out["DropApp"] = w.DropApp(ctx, metadata.AppState{App: metadata.App{AppID: name, VersionID: "1"}})
	out["ReplaceApp"] = w.ReplaceApp(ctx, metadata.App{AppID: name, VersionID: "1"}, metadata.AppState{})
	out["YankApp"] = w.YankApp(ctx, name, "1", "")
	return out
}
