package store_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata/store"
	"drover/tests/stack/consultest"
)

// cut is a connection that is cut when a change is sent: the caller gets no result, and the network delivers it later.
type cut struct {
	held []*http.Request
}

func (c *cut) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if r.Method == http.MethodGet || bytes.Contains(body, []byte(api.KVGetOrEmpty)) {
		return http.DefaultTransport.RoundTrip(r)
	}
	late := r.Clone(r.Context())
	late.Body = io.NopCloser(bytes.NewReader(body))
	c.held = append(c.held, late)
	return nil, errors.New("the connection was cut")
}

// deliver sends the held requests.
func (c *cut) deliver(t *testing.T) {
	t.Helper()
	require.NotEmpty(t, c.held, "nothing was sent")
	for _, r := range c.held {
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusConflict, answer.StatusCode)
	}
}

// A request that was sent for a cluster arrives when another cluster has its id: it changes nothing.
func TestLateRequestsChangeNothing(t *testing.T) {
	t.Parallel()
	network := lifecycle.Orphan{ClusterID: clusterID, Provider: "local", Kind: lifecycle.KindNetwork, ID: "vx-1"}
	mine := func(run string) *lifecycle.Record {
		rec := record(2)
		rec.Operation.RunID = run
		return rec
	}
	for name, c := range map[string]struct {
		owned  bool // the former cluster has a record when it happens
		change func(s *store.Store, t *testing.T) error
	}{
		"forget": {true, func(s *store.Store, t *testing.T) error { return s.Forget(t.Context(), clusterID, "run-1") }},
		"remove": {false, func(s *store.Store, t *testing.T) error { return s.Remove(t.Context(), clusterID) }},
		"operation": {true, func(s *store.Store, t *testing.T) error {
			return s.SetOperation(t.Context(), clusterID, "run-1", "Old")
		}},
		"no operation": {true, func(s *store.Store, t *testing.T) error { return s.SetOperation(t.Context(), clusterID, "run-1", "") }},
		"publish": {true, func(s *store.Store, t *testing.T) error {
			return s.Publish(t.Context(), clusterID, 1, "run-1", build(t, record(1)))
		}},
		"large publish": {true, func(s *store.Store, t *testing.T) error {
			return s.Publish(t.Context(), clusterID, 1, "run-1", build(t, record(40)))
		}},
		"record": {true, func(s *store.Store, t *testing.T) error {
			_, index, err := s.Record(t.Context(), clusterID)
			require.NoError(t, err)
			_, err = s.PutRecord(t.Context(), mine("run-0"), index)
			return err
		}},
		"drop orphan": {true, func(s *store.Store, t *testing.T) error { return s.DropOrphan(t.Context(), network) }},
		"put orphan": {true, func(s *store.Store, t *testing.T) error {
			return s.PutOrphans(t.Context(), []lifecycle.Orphan{network})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			if c.owned {
				consultest.Own(t, p.store, clusterID, "run-1")
			}
			require.NoError(t, p.store.PutOrphans(t.Context(), []lifecycle.Orphan{network}))

			line := new(cut)
			client, err := api.NewClient(&api.Config{Address: p.addr, HttpClient: &http.Client{Transport: line}})
			require.NoError(t, err)
			err = c.change(store.New(client, p.prefix), t)
			require.True(t, fault.Is(err, fault.Unreachable), "%v", err)

			// Another attempt, and the end of that cluster; then a new one.
			require.NoError(t, p.forget(t, clusterID))
			require.NoError(t, p.store.DropOrphan(t.Context(), network))
			_, err = p.store.PutRecord(t.Context(), mine("run-2"), 0)
			require.NoError(t, err)
			require.NoError(t, p.store.SetOperation(t.Context(), clusterID, "run-2", "CreateCluster"))
			if name != "publish" && name != "large publish" {
				require.NoError(t, p.store.Publish(t.Context(), clusterID, 1, "run-2", build(t, record(2))))
			}
			anew := network
			anew.Reason = "of the new cluster"
			require.NoError(t, p.store.PutOrphans(t.Context(), []lifecycle.Orphan{anew}))

			before := everything(t, p)
			line.deliver(t)
			require.Equal(t, before, everything(t, p))
		})
	}
}

// everything is all keys below the prefix.
func everything(t *testing.T, p parts) map[string]string {
	t.Helper()
	_, client := consultest.Start(t)
	pairs, _, err := client.KV().List(p.prefix+"/", nil)
	require.NoError(t, err)
	out := map[string]string{}
	for _, kv := range pairs {
		out[kv.Key] = string(kv.Value)
	}
	require.NotEmpty(t, out)
	return out
}
