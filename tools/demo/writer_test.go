package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// member is a server that looks like one of a small etcd.
type member struct {
	data   *sync.Map
	refuse bool                  // answers nothing
	drop   func(key string) bool // acknowledges and forgets
}

func (m member) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return server.URL
}

func (m member) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var question struct{ Key, Value []byte }
	err := json.NewDecoder(r.Body).Decode(&question)
	if err != nil || m.refuse {
		http.Error(w, "etcdserver: no leader", http.StatusServiceUnavailable)
		return
	}
	type pair struct {
		Key   []byte `json:"key"`
		Value []byte `json:"value"`
	}
	var pairs []pair
	switch {
	case r.URL.Path == "/v3/kv/range":
		m.data.Range(func(k, v any) bool {
			pairs = append(pairs, pair{[]byte(k.(string)), v.([]byte)})
			return true
		})
	case m.drop == nil || !m.drop(string(question.Key)):
		m.data.Store(string(question.Key), question.Value)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kvs": pairs})
}

func TestWriterGoesOnWhenAMemberDoesNotAnswer(t *testing.T) {
	t.Parallel()
	data := &sync.Map{}
	good, bad := member{data: data}.serve(t), member{refuse: true}.serve(t)
	s := stored{}
	for turn := range 10 {
		tries, err := s.writeNext(t.Context(), []string{good, bad}, turn)
		require.NoError(t, err)
		require.Equal(t, 1+turn%2, tries)
	}
	require.Len(t, s, 10)
	require.NoError(t, s.check(t.Context(), []string{good}))
	require.ErrorContains(t, s.check(t.Context(), []string{good, bad}), "no leader")
}

func TestWriterStopsAfterAWholeWrite(t *testing.T) {
	t.Parallel()
	endpoint := member{data: &sync.Map{}}.serve(t)
	stop := make(chan struct{})
	close(stop)
	s := stored{}
	w := s.write(t.Context(), []string{endpoint}, stop)
	require.NoError(t, w.err)
	require.Equal(t, len(s), w.keys)
	require.Zero(t, w.retries)
}

func TestLostAndWrongKeysAreNoticed(t *testing.T) {
	t.Parallel()
	data := &sync.Map{}
	endpoint := member{data: data, drop: func(key string) bool { return key == "/records/000002" }}.serve(t)
	s := stored{}
	for turn := range 3 {
		_, err := s.writeNext(t.Context(), []string{endpoint}, turn)
		require.NoError(t, err)
	}
	require.ErrorContains(t, s.check(t.Context(), []string{endpoint}), "etcd acknowledged /records/000002")

	data.Store("/records/000002", []byte("another"))
	require.ErrorContains(t, s.check(t.Context(), []string{endpoint}), `"another"`)

	data.Store("/records/000002", []byte("record 2"))
	require.NoError(t, s.check(t.Context(), []string{endpoint}))
}
