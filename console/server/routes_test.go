package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/mocks"

	"drover/client"
	wire "drover/console/api"
	"drover/console/assets"
	"drover/console/auth"
	"drover/fault"
	"drover/metadata"
)

const cluster = "cl-a1b2c3d4"

// shown are views without Consul.
type shown map[string]metadata.View

func (s shown) All(context.Context) ([]metadata.View, error) {
	var out []metadata.View
	for _, v := range s {
		out = append(out, v)
	}
	return out, nil
}

func (s shown) One(_ context.Context, id string) (metadata.View, <-chan struct{}, error) {
	if v, ok := s[id]; ok {
		return v, nil, nil
	}
	return metadata.View{}, nil, fault.New(fault.NotFound, "cluster %s does not exist", id)
}

// site is a console over a mock of Temporal.
type site struct {
	*httptest.Server
	api      *Server
	temporal *mocks.Client
	dir      string
	token    map[string]string // by role
}

func newSite(t *testing.T, views shown) *site {
	t.Helper()
	dir := t.TempDir()
	users, err := auth.Open(filepath.Join(dir, "tokens.json"), time.Now)
	require.NoError(t, err)
	audit, err := auth.OpenAudit(filepath.Join(dir, "audit.jsonl"))
	require.NoError(t, err)
	temporal := &mocks.Client{}
	s := &site{temporal: temporal, dir: dir, token: map[string]string{}}
	s.api = New(t.Context(), Options{
		Version: "v1", Views: views, Pages: assets.Handler(), Auth: users, Audit: audit, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Client: &client.Client{Temporal: temporal, Now: time.Now, ReadTimeout: time.Second, Poll: time.Millisecond},
	})
	for _, role := range []string{wire.Viewer, wire.Operator, wire.Admin} {
		issued, err := users.Issue(wire.NewToken{Name: role + "-ann", Role: role}, "test")
		require.NoError(t, err)
		s.token[role] = issued.Text
	}
	s.Server = httptest.NewServer(s.api.Handler())
	t.Cleanup(s.Close)
	return s
}

func (s *site) do(t *testing.T, method, path, token, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r) // redirects are not followed
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(text)
}

// Every route refuses who may not use it, before anything happens: Temporal is not even asked.
func TestEveryRouteRefusesWhoMayNot(t *testing.T) {
	t.Parallel()
	s := newSite(t, shown{cluster: {ClusterID: cluster}})
	routes := 0
	for path, item := range s.api.docs.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "DELETE": item.Delete, "PUT": item.Put, "PATCH": item.Patch} {
			if op == nil {
				continue
			}
			routes++
			need, _ := op.Metadata["role"].(string)
			require.NotEmpty(t, need, "%s %s has no role", method, path)
			if need == public {
				continue
			}
			at := strings.NewReplacer("/clusters/{id}", "/clusters/"+cluster, "/operations/{id}", "/operations/"+cluster+".run-1", "{id}", "x").Replace(path)
			for _, token := range []string{"", "nonsense"} {
				answer, text := s.do(t, method, at, token, "{}")
				require.Equal(t, http.StatusUnauthorized, answer.StatusCode, "%s %s: %s", method, at, text)
				require.Equal(t, wire.ProblemType, answer.Header.Get("Content-Type"))
			}
			for _, role := range []string{wire.Viewer, wire.Operator} {
				if auth.Includes(role, need) {
					continue
				}
				answer, text := s.do(t, method, at, s.token[role], "{}")
				require.Equal(t, http.StatusForbidden, answer.StatusCode, "%s %s as %s: %s", method, at, role, text)
			}
		}
	}
	require.Greater(t, routes, 25)
	require.Empty(t, s.temporal.Calls, "nothing happened")
	_, list := s.do(t, "GET", "/v1/audit?user=viewer-ann", s.token[wire.Admin], "")
	require.Contains(t, list, "the role viewer may not do this", "refusals are on record")
}

// A user who is limited to labels sees, and changes, no other cluster.
func TestLabelsLimitAUser(t *testing.T) {
	t.Parallel()
	const own = "cl-own00001"
	s := newSite(t, shown{
		cluster: {ClusterID: cluster, Labels: map[string]string{"team": "b"}},
		own:     {ClusterID: own, Labels: map[string]string{"team": "a", "tier": "gold"}, Operation: metadata.ViewOperation{State: "held", Step: "AN4 init"}},
	})
	issued, err := s.api.Auth.Issue(wire.NewToken{Name: "bob", Role: wire.Admin, Labels: map[string]string{"team": "a"}}, "test")
	require.NoError(t, err)
	for query, sees := range map[string]string{"": own, "?label=tier": own, "?held=true": own, "?running=true": own, "?label=team=b": ""} {
		_, text := s.do(t, "GET", "/v1/clusters"+query, issued.Text, "")
		var page wire.Page[wire.Cluster]
		require.NoError(t, json.Unmarshal([]byte(text), &page), text)
		ids := ""
		for _, c := range page.Items {
			ids += c.ClusterID
			require.Equal(t, "AN4 init", c.Held)
			require.Equal(t, "gold", c.Labels["tier"])
		}
		require.Equal(t, sees, ids, query)
	}
	answer, text := s.do(t, "GET", "/v1/clusters/"+own, issued.Text, "")
	require.Equal(t, http.StatusOK, answer.StatusCode, text)
	for _, request := range [][2]string{
		{"GET", "/v1/clusters/" + cluster}, {"GET", "/v1/clusters/" + cluster + "/values"}, {"POST", "/v1/clusters/" + cluster + "/operations"},
		{"POST", "/v1/operations/" + cluster + ".run-1/cancel"}, {"GET", "/v1/tokens"}, {"GET", "/v1/orphans?cluster=" + cluster},
	} {
		answer, text := s.do(t, request[0], request[1], issued.Text, `{"type":"StopCluster"}`)
		require.Equal(t, http.StatusForbidden, answer.StatusCode, "%v: %s", request, text)
	}
	require.Empty(t, s.temporal.Calls)
}

func TestALinkLogsInOnceAndATokenManyTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	path := "/login/" + s.api.Auth.Link()
	answer, _ := s.do(t, "GET", path, "", "")
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	cookie := answer.Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	answer, text := s.do(t, "GET", "/v1/session", "", "", "Cookie", cookie.Name+"="+cookie.Value)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Contains(t, text, `"role":"admin"`)
	again, err := auth.Open(filepath.Join(s.dir, "tokens.json"), time.Now)
	require.NoError(t, err)
	who, ok := again.Identify(cookie.Value)
	require.True(t, ok, "a restart ends no session")
	require.Equal(t, "local", who.User)
	late, err := auth.Open(filepath.Join(s.dir, "tokens.json"), func() time.Time { return time.Now().Add(13 * time.Hour) })
	require.NoError(t, err)
	_, ok = late.Identify(cookie.Value)
	require.False(t, ok, "sessions expire")
	kept, err := os.ReadFile(filepath.Join(s.dir, "sessions.json"))
	require.NoError(t, err)
	require.NotContains(t, string(kept), cookie.Value, "only the digest is stored")
	answer, _ = s.do(t, "GET", path, "", "")
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode, "a second time")
	answer, _ = s.do(t, "GET", path, "", "", "Accept", "text/html,*/*")
	require.Equal(t, "/?link=used", answer.Header.Get("Location"), "a browser is told by the page")
	answer, text = s.do(t, "GET", "/?link=used", "", "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Contains(t, text, "<script")
	answer, _ = s.do(t, "DELETE", "/v1/session", "", "", "Cookie", cookie.Name+"="+cookie.Value)
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	answer, _ = s.do(t, "GET", "/v1/session", "", "", "Cookie", cookie.Name+"="+cookie.Value)
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode, "after logging out")

	body, _ := json.Marshal(wire.LogIn{Token: s.token[wire.Viewer]})
	answer, text = s.do(t, "POST", "/v1/session", "", string(body))
	require.Equal(t, http.StatusOK, answer.StatusCode, text)
	stored, err := os.ReadFile(filepath.Join(s.dir, "tokens.json"))
	require.NoError(t, err)
	require.NotContains(t, string(stored), s.token[wire.Viewer], "only the digest is stored")

	limited := 0
	for range 20 {
		if answer, _ = s.do(t, "POST", "/v1/session", "", `{"token":"guess"}`); answer.StatusCode == http.StatusTooManyRequests {
			limited++
		}
	}
	require.Positive(t, limited)
}

func TestADeletedTokenEndsItsSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, text := s.do(t, "POST", "/v1/tokens", s.token[wire.Admin], `{"name":"bob","role":"viewer","expires_in":"1h"}`)
	var issued wire.IssuedToken
	require.NoError(t, json.Unmarshal([]byte(text), &issued), text)
	secret, _, ok := s.api.Auth.LogIn(issued.Text)
	require.True(t, ok)
	answer, text := s.do(t, "DELETE", "/v1/tokens/"+issued.ID, s.token[wire.Admin], "")
	require.Equal(t, http.StatusNoContent, answer.StatusCode, text)
	for _, key := range []string{secret, issued.Text} {
		answer, _ = s.do(t, "GET", "/v1/session", key, "")
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	}
	answer, text = s.do(t, "POST", "/v1/tokens", s.token[wire.Admin], `{"name":"bob","role":"viewer","expires_in":"9000h"}`)
	require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode)
	require.Contains(t, text, "expires_in")
}

func TestListsArePagedFilteredAndSorted(t *testing.T) {
	t.Parallel()
	s := newSite(t, shown{
		"cl-00000001": {ClusterID: "cl-00000001", App: "etcd", State: "active", NodeCount: 3},
		"cl-00000002": {ClusterID: "cl-00000002", App: "redis", State: "stopped", NodeCount: 6, Name: "Shop"},
		"cl-00000003": {ClusterID: "cl-00000003", App: "etcd", State: "stopped", NodeCount: 1},
	})
	for query, want := range map[string][]string{
		"":                           {"cl-00000001", "cl-00000002", "cl-00000003"},
		"?sort=-cluster&limit=2":     {"cl-00000003", "cl-00000002"},
		"?sort=nodes":                {"cl-00000002", "cl-00000001", "cl-00000003"},
		"?cursor=2":                  {"cl-00000003"},
		"?cursor=9":                  nil,
		"?app=etcd&state=stopped":    {"cl-00000003"},
		"?q=shop":                    {"cl-00000002"},
		"?state=active,stopped&q=02": {"cl-00000002"},
		"?label=team":                nil,
		"?running=true":              nil,
	} {
		answer, text := s.do(t, "GET", "/v1/clusters"+query, s.token[wire.Viewer], "")
		require.Equal(t, http.StatusOK, answer.StatusCode, text)
		var page wire.Page[wire.Cluster]
		require.NoError(t, json.Unmarshal([]byte(text), &page))
		var got []string
		for _, c := range page.Items {
			got = append(got, c.ClusterID)
		}
		require.Equal(t, want, got, query)
	}
	for _, query := range []string{"?limit=0", "?limit=501", "?sort=color", "?cursor=x", "?unknown=1", "?held=maybe"} {
		answer, text := s.do(t, "GET", "/v1/clusters"+query, s.token[wire.Viewer], "")
		require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, "%s: %s", query, text)
	}
}

func TestRequestsThatCannotBeReadStartNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, shown{cluster: {ClusterID: cluster}})
	path := "/v1/clusters/" + cluster + "/operations"
	for body, want := range map[string]string{
		`{"type":"Dance"}`: "Dance",
		`{"type":"CreateCluster","input":{"app":"etcd"}}`:       "CreateCluster",
		`{"type":"AddNodes","input":{"cuont":2}}`:               "cuont",
		`{"type":"AddNodes","input":{"count":0,"role":"x"}}`:    "at least one node",
		`{"type":"AddNodes","input":{"count":1,"strict":true}}`: "strict",
		`nonsense`:                          "",
		`{"type":"StopCluster","input":[]}`: "StopCluster",
	} {
		answer, text := s.do(t, "POST", path, s.token[wire.Operator], body)
		require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusBadRequest}, answer.StatusCode, "%s: %s", body, text)
		require.Contains(t, text, want)
	}
	answer, _ := s.do(t, "POST", path, s.token[wire.Operator], `{"type":"StopCluster","input":{"x":"`+strings.Repeat("x", maxBody)+`"}}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
	answer, text := s.do(t, "POST", "/v1/lint", s.token[wire.Viewer], "no archive", "Content-Type", "application/octet-stream")
	require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, text)
	require.Empty(t, s.temporal.Calls)
}

func TestForeignPagesAndUnknownPaths(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	answer, _ := s.do(t, "POST", "/v1/orphans/retry", s.token[wire.Admin], "", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	for _, path := range []string{"/", "/clusters/" + cluster, "/v1/about", "/favicon.svg"} {
		answer, _ := s.do(t, "GET", path, "", "")
		require.Equal(t, []string{policy}, answer.Header["Content-Security-Policy"], path)
		require.Equal(t, []string{"nosniff"}, answer.Header["X-Content-Type-Options"], path)
		require.Equal(t, []string{"no-referrer"}, answer.Header["Referrer-Policy"], path)
	}
	require.NotContains(t, policy, "unsafe")
	answer, _ = s.do(t, "GET", "/v1/nothing", s.token[wire.Admin], "")
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
	require.Empty(t, s.temporal.Calls)
}

func TestAStreamOfAnUnknownOperationIsAProblem(t *testing.T) {
	t.Parallel()
	s := newSite(t, shown{cluster: {ClusterID: cluster}})
	s.temporal.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, mock.Anything).Return(nil, serviceerror.NewNotFound(""))
	answer, text := s.do(t, "GET", "/v1/operations/"+cluster+".run-1/events", s.token[wire.Viewer], "")
	require.Equal(t, http.StatusNotFound, answer.StatusCode, text)
	require.Empty(t, s.api.hub.watched)
}

// A client that has the latest state gets it no second time; one that has not gets it whole.
func TestAClusterStreamResumes(t *testing.T) {
	t.Parallel()
	s := newSite(t, shown{cluster: {ClusterID: cluster, State: "active"}})
	read := func(last string) string {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v1/clusters/"+cluster+"/events", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+s.token[wire.Viewer])
		r.Header.Set("Last-Event-ID", last)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body) // until the deadline: the stream does not end
		return string(text)
	}
	first := read("")
	require.Contains(t, first, "event: update")
	require.Contains(t, first, `"state":"active"`)
	_, rest, _ := strings.Cut(first, "id: ")
	id, _, _ := strings.Cut(rest, "\n")
	require.NotContains(t, read(id), "event:")
}

func FuzzRoutes(f *testing.F) {
	f.Add("/v1/clusters?limit=1", "GET", "")
	f.Add("/v1/clusters/"+cluster+"/operations", "POST", `{"type":"AddNodes","input":{"count":-1}}`)
	f.Add("/v1/clusters", "POST", `{"id":"x","input":{"app":"../x"}}`)
	f.Add("/v1/lint", "POST", "\x1f\x8b")
	f.Fuzz(func(t *testing.T, path, method, body string) {
		s := newSite(t, shown{cluster: {ClusterID: cluster}})
		s.temporal.On("DescribeTaskQueue", mock.Anything, mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("away"))
		s.temporal.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, mock.Anything).Return(nil, serviceerror.NewNotFound(""))
		s.temporal.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("away"))
		r, err := http.NewRequest(method, "http://x/", bytes.NewBufferString(body))
		if err != nil || !strings.HasPrefix(path, "/v1/") || strings.Contains(path, "events") {
			t.Skip("not a request of the API, or a stream that does not end")
		}
		if r.URL, err = r.URL.Parse(path); err != nil {
			t.Skip("not a URL")
		}
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Authorization", "Bearer "+s.token[wire.Admin])
		w := httptest.NewRecorder()
		s.api.Handler().ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError {
			t.Fatalf("%s %s: %s", method, path, w.Body)
		}
	})
}
