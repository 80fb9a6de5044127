// Package consoles drives a drover-console that runs on a stack: it logs in with the one-time link and issues tokens.
package consoles

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/stack"
)

// Site is a running console, with the session of its admin.
type Site struct {
	URL    string
	cookie *http.Cookie
}

// Start starts the console of a stack and logs in.
func Start(t *testing.T, s *stack.Stack) *Site {
	t.Helper()
	require.NoError(t, s.KillConsole()) // a link of its own
	require.NoError(t, s.StartConsole(t.Context()))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("drover-console: %s", s.LogTail("drover-console"))
		}
	})
	site := &Site{URL: s.ConsoleURL()}
	link, err := s.ConsoleLink()
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	require.NoError(t, err)
	answer, err := http.DefaultTransport.RoundTrip(r) // the redirect is for browsers
	require.NoError(t, err)
	answer.Body.Close()
	require.Len(t, answer.Cookies(), 1, answer.Status)
	site.cookie = answer.Cookies()[0]
	return site
}

// Token issues a token with a role.
func (s *Site) Token(t *testing.T, name, role string) string {
	t.Helper()
	var issued struct {
		Text string `json:"text"`
	}
	s.Do(t, http.MethodPost, "/v1/tokens", map[string]string{"name": name, "role": role}, &issued)
	return issued.Text
}

// Do sends a request as admin, which must succeed, and reads the answer into out, unless that is nil.
func (s *Site) Do(t *testing.T, method, path string, body, out any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.AddCookie(s.cookie)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusMultipleChoices {
		why, _ := io.ReadAll(answer.Body)
		require.Fail(t, answer.Status, "%s %s: %s", method, path, strings.TrimSpace(string(why)))
	}
	if out != nil {
		require.NoError(t, json.NewDecoder(answer.Body).Decode(out))
	}
}
