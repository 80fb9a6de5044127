package store_test

import (
	"math/rand/v2"
	"net"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
	"drover/remote/target"
	"drover/tests/stack/consultest"
)

func TestRecordIsWrittenOnlyOverWhatWasRead(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, _, err := p.store.Record(t.Context(), clusterID)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)

	rec := record(2)
	rec.Operation = lifecycle.Operation{Type: "CreateCluster", RunID: "run-1"}
	first, err := p.store.PutRecord(t.Context(), rec, 0)
	require.NoError(t, err)
	again, err := p.store.PutRecord(t.Context(), rec, 0)
	require.NoError(t, err, "a retry after a lost answer")
	require.Equal(t, first, again)

	got, index, err := p.store.Record(t.Context(), clusterID)
	require.NoError(t, err)
	require.Equal(t, first, index)
	require.Equal(t, rec, got)

	got.Revision = 7
	second, err := p.store.PutRecord(t.Context(), got, index)
	require.NoError(t, err)
	require.Greater(t, second, index)

	for _, stale := range []uint64{0, index} {
		_, err = p.store.PutRecord(t.Context(), rec, stale)
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
		require.ErrorContains(t, err, "run-1")
	}
	for range 2 {
		require.NoError(t, p.forget(t, clusterID))
	}
	_, err = p.store.PutRecord(t.Context(), rec, second)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
}

func TestRecordHoldsAThousandNodes(t *testing.T) {
	t.Parallel()
	p := start(t)
	rec := record(1000)
	for i := range rec.Nodes {
		rec.Nodes[i].SSH = target.Target{Addr: "10.0.0.1:22", User: "root", HostKey: "ssh-ed25519 " + rec.Nodes[i].InstanceID}
		rec.Nodes[i].VolumeIDs = []string{"vol-" + rec.Nodes[i].ID}
	}
	_, err := p.store.PutRecord(t.Context(), rec, 0)
	require.NoError(t, err)
	got, _, err := p.store.Record(t.Context(), clusterID)
	require.NoError(t, err)
	require.Equal(t, rec, got)
}

// CheckRecord refuses the same records as PutRecord, without writing anything. Random text is not compressed.
func TestRecordThatIsTooLargeIsKnownBefore(t *testing.T) {
	t.Parallel()
	s := store.New(nil, "")
	require.NoError(t, s.CheckRecord(record(2)))
	rec := record(2)
	noise := make([]byte, metadata.MaxValue)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	rec.Values = lifecycle.Values{"env.noise": noise}
	err := s.CheckRecord(rec)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.ErrorContains(t, err, "the limit is")
}

func TestRecordsAreListedByID(t *testing.T) {
	t.Parallel()
	p := start(t)
	all := every(t, p.store)
	require.Empty(t, all)
	for id, nodes := range map[string]int{"cl-b": 1, "cl-a": 400} { // one of them is stored compressed
		rec := record(nodes)
		rec.ClusterID = id
		_, err := p.store.PutRecord(t.Context(), rec, 0)
		require.NoError(t, err)
	}
	all = every(t, p.store)
	require.Len(t, all, 2)
	require.Equal(t, "cl-a", all[0].ClusterID)
	require.Len(t, all[0].Nodes, 400)
}

func TestConsulDownIsUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	client, err := api.NewClient(&api.Config{Address: l.Addr().String()})
	require.NoError(t, err)
	s := store.New(client, "")
	for name, call := range calls(t, s) {
		err := call()
		require.True(t, fault.Is(err, fault.Unreachable), "%s: %v", name, err)
		require.True(t, fault.As(err).Retryable, name)
	}
}

func TestRefusedTokenIsUnauthorized(t *testing.T) {
	t.Parallel()
	server := consultest.StartServer(t, `acl { enabled = true, default_policy = "deny" }`)
	config := api.DefaultConfig()
	config.Address, config.Token = server.Addr, "11111111-2222-3333-4444-555555555555"
	client, err := api.NewClient(config)
	require.NoError(t, err)
	for name, call := range calls(t, store.New(client, "")) {
		err := call()
		require.True(t, fault.Is(err, fault.Unauthorized), "%s: %v", name, err)
		require.NotContains(t, err.Error(), config.Token)
	}
}

// calls is one call of each kind.
func calls(t *testing.T, s *store.Store) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"publish":      func() error { return s.Publish(ctx, clusterID, 1, "op", build(t, record(1))) },
		"forget":       func() error { return s.Forget(ctx, clusterID, "op") },
		"remove":       func() error { return s.Remove(ctx, clusterID) },
		"disown":       func() error { return s.Disown(ctx, clusterID, "op") },
		"operation":    func() error { return s.SetOperation(ctx, clusterID, "op", "CreateCluster") },
		"no operation": func() error { return s.SetOperation(ctx, clusterID, "op", "") },
		"revision":     func() error { _, err := s.Revision(ctx, clusterID); return err },
		"record":       func() error { _, _, err := s.Record(ctx, clusterID); return err },
		"put":          func() error { _, err := s.PutRecord(ctx, record(1), 0); return err },
		"records":      func() error { return s.EachRecord(ctx, func(*lifecycle.Record) error { return nil }) },
		"app":          func() error { return s.PutApp(ctx, metadata.App{AppID: "a", VersionID: "1"}) },
		"apps":         func() error { _, err := s.Apps(ctx); return err },
	}
}
