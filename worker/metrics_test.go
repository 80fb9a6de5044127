package main

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// urlOf finds the address in the logs.
type urlOf struct{ strings.Builder }

func (u *urlOf) url(t *testing.T) string {
	t.Helper()
	for word := range strings.FieldsSeq(u.String()) {
		if url, ok := strings.CutPrefix(word, "url="); ok {
			return url
		}
	}
	require.Fail(t, "no address in the log", u.String())
	return ""
}

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	var log urlOf
	handler, stop, err := metrics("127.0.0.1:0", slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	handler.WithTags(map[string]string{"activity_type": "RunStage"}).Counter("temporal_tested").Inc(3)
	url := log.url(t)
	get := func() (int, string) {
		answer, err := http.Get(url)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(body)
	}
	code, body := get()
	require.Equal(t, http.StatusOK, code)
	var line string
	for l := range strings.Lines(body) {
		if strings.HasPrefix(l, "temporal_tested") {
			line = l
		}
	}
	require.Contains(t, line, `activity_type="RunStage"`, body)
	require.True(t, strings.HasSuffix(line, " 3\n"), line)
	require.Contains(t, body, "go_goroutines")
	require.Contains(t, body, "process_resident_memory_bytes")

	// The address must be free for another worker in the same process, or for a restart of the same one.
	stop()
	_, err = http.Get(url)
	require.Error(t, err, "nothing listens after the end")
	var again urlOf
	_, stopAgain, err := metrics(strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics"), slog.New(slog.NewTextHandler(&again, nil)))
	require.NoError(t, err)
	stopAgain()
}

func TestMetricsOnATakenAddress(t *testing.T) {
	t.Parallel()
	var log urlOf
	_, stop, err := metrics("127.0.0.1:0", slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	defer stop()
	_, _, err = metrics(strings.TrimSuffix(strings.TrimPrefix(log.url(t), "http://"), "/metrics"), slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "address already in use")
}
