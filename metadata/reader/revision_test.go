package reader

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/stack/consultest"
)

type result struct {
	revision int64
	err      error
}

func (r *Reader) waitInBackground(ctx context.Context, after int64) <-chan result {
	out := make(chan result, 1)
	go func() {
		rev, err := r.WaitRevision(ctx, clusterID, after)
		out <- result{rev, err}
	}()
	return out
}

func TestWaitRevisionFromFirstToGone(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := p.reader()
	first := r.waitInBackground(t.Context(), 0)
	// Another cluster's writes must not end the wait.
	other := build(t, record(1))
	p.publishFor(t, "cl-other", 1, other)
	p.publish(t, 1, build(t, record(1)))
	require.Equal(t, result{revision: 1}, <-first)

	// An existing revision is returned at once, also to a new reader.
	rev, err := p.reader().WaitRevision(t.Context(), clusterID, 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, rev)

	second := r.waitInBackground(t.Context(), 1)
	p.publish(t, 2, build(t, record(2)))
	require.Equal(t, result{revision: 2}, <-second)

	gone := r.waitInBackground(t.Context(), 2)
	require.NoError(t, p.store.Forget(t.Context(), clusterID, "op"))
	require.Equal(t, result{revision: 0}, <-gone)

	ctx, cancel := context.WithCancel(t.Context())
	waiting := r.waitInBackground(ctx, 0)
	cancel()
	ended := <-waiting
	require.ErrorIs(t, ended.err, context.Canceled)
	require.True(t, fault.Is(ended.err, fault.Unreachable))
}

// The server is killed while a reader waits, and comes back with its data: the reader gets an error to back off on,
// never an older revision, and then the next one.
func TestWaitRevisionOverAConsulRestart(t *testing.T) {
	t.Parallel()
	server := consultest.StartServer(t, "")
	p := on(server.Addr, server.Client)
	r := p.reader()
	const before = 5
	for rev := int64(1); rev <= before; rev++ {
		p.publish(t, rev, build(t, record(int(rev))))
	}
	rev, err := r.WaitRevision(t.Context(), clusterID, 0)
	require.NoError(t, err)
	require.EqualValues(t, before, rev)
	_, err = r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)

	waiting := r.waitInBackground(t.Context(), before)
	server.Stop()
	down := <-waiting
	require.True(t, fault.Is(down.err, fault.Unreachable), "%v", down.err)

	// Retries without pause, from before the server starts until the next revision.
	next := make(chan int64, 1)
	tries := 0
	go func() {
		for {
			rev, err := r.WaitRevision(t.Context(), clusterID, before)
			if err == nil || t.Context().Err() != nil {
				next <- rev
				return
			}
			tries++
			time.Sleep(time.Millisecond) // the caller's back-off
		}
	}()
	require.NoError(t, server.Start())
	p.publish(t, before+1, build(t, record(9)))
	require.EqualValues(t, before+1, <-next)
	require.Positive(t, tries)
	s, err := r.Snapshot(t.Context(), clusterID)
	require.NoError(t, err)
	require.Len(t, s.own.below("/self/hosts/"), 9*17)
}

// A Consul that lost its data has smaller indexes: the reader must read again and not wait for the old index.
func TestIndexGoingBackwardsIsReset(t *testing.T) {
	t.Parallel()
	var asked []string
	answers := [][2]string{{"100", "1"}, {"5", "1"}, {"6", "2"}} // index, revision
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer := answers[len(asked)]
		asked = append(asked, req.URL.Query().Get("index"))
		w.Header().Set("X-Consul-Index", answer[0])
		_, _ = w.Write([]byte(answer[1]))
	}))
	defer server.Close()
	rev, err := New(Options{Addr: server.URL}).WaitRevision(t.Context(), clusterID, 1)
	require.NoError(t, err)
	require.EqualValues(t, 2, rev)
	require.Equal(t, []string{"", "100", ""}, asked)
}

// A first answer with an older state is confirmed before it counts.
func TestOldNewsIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, stale := range map[string]func(w http.ResponseWriter){
		"missing": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"older":   func(w http.ResponseWriter) { _, _ = w.Write([]byte("3")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				w.Header().Set("X-Consul-Index", "9")
				if !req.URL.Query().Has("consistent") {
					stale(w)
					return
				}
				_, _ = w.Write([]byte("8"))
			}))
			defer server.Close()
			rev, err := New(Options{Addr: server.URL}).WaitRevision(t.Context(), clusterID, 7)
			require.NoError(t, err)
			require.EqualValues(t, 8, rev)
		})
	}
}

func TestRefusalsBecomeFaults(t *testing.T) {
	t.Parallel()
	const token = "secret-token"
	for status, want := range map[int]fault.Type{
		403: fault.Unauthorized, 429: fault.Unreachable, 500: fault.Unreachable, 503: fault.Unreachable, 400: fault.Internal,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Header.Get("X-Consul-Token") != token {
				status = 200
			}
			http.Error(w, "said Consul", status)
		}))
		r := New(Options{Addr: server.URL, Token: token})
		_, waitErr := r.WaitRevision(t.Context(), clusterID, 0)
		_, snapErr := r.Snapshot(t.Context(), clusterID)
		for _, err := range []error{waitErr, snapErr} {
			require.True(t, fault.Is(err, want), "%d: %v", status, err)
			require.ErrorContains(t, err, "said Consul")
			require.ErrorContains(t, err, server.URL)
			require.NotContains(t, err.Error(), token)
		}
		server.Close()
		_, err := r.WaitRevision(t.Context(), clusterID, 0)
		require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	}
	garbage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }))
	defer garbage.Close()
	_, err := New(Options{Addr: garbage.URL}).WaitRevision(t.Context(), clusterID, 0)
	require.True(t, fault.Is(err, fault.Internal), "%v", err)
	require.NotErrorIs(t, err, context.Canceled)
}
