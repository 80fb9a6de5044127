package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	wire "drover/console/api"
	"drover/console/assets"
	"drover/console/auth"
	"drover/console/oidc"
	"drover/metadata"
)

// federated is a console that logs users in with a provider, by the example of the documentation.
type federated struct {
	url      string
	provider *mockoidc.MockOIDC
	late     atomic.Int64 // seconds by which the console's clock is ahead
	api      *Server
}

func newFederated(t *testing.T) *federated {
	t.Helper()
	provider, err := mockoidc.Run()
	require.NoError(t, err)
	t.Cleanup(func() { _ = provider.Shutdown() })
	f := &federated{provider: provider}
	site := httptest.NewUnstartedServer(nil)
	f.url = "http://" + site.Listener.Addr().String()
	now := func() time.Time { return time.Now().Add(time.Duration(f.late.Load()) * time.Second) }

	example, err := os.ReadFile("../../docs/oidc.example.yaml")
	require.NoError(t, err)
	dir := t.TempDir()
	text := string(example)
	for was, is := range map[string]string{
		"https://login.example.org/realms/ops": provider.Issuer(), "client_id: drover-console": "client_id: " + provider.ClientID,
		"https://drover.example.org": f.url,
	} {
		require.Contains(t, text, was)
		text = strings.ReplaceAll(text, was, is)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "oidc.yaml"), []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "oidc-secret"), []byte(provider.ClientSecret+"\n"), 0o600))
	config, err := oidc.Read(filepath.Join(dir, "oidc.yaml"))
	require.NoError(t, err)

	users, err := auth.Open(filepath.Join(dir, "tokens.json"), now)
	require.NoError(t, err)
	audit, err := auth.OpenAudit(filepath.Join(dir, "audit.jsonl"))
	require.NoError(t, err)
	f.api = New(t.Context(), Options{
		Views: shown{cluster: metadata.View{ClusterID: cluster}}, Pages: assets.Handler(), Auth: users, Audit: audit, Now: now,
		OIDC: oidc.New(config, now), Logger: slog.New(slog.DiscardHandler),
	})
	site.Config.Handler = f.api.Handler()
	site.Start()
	t.Cleanup(site.Close)
	return f
}

// browser keeps cookies and follows redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, Timeout: 10 * time.Second}
}

// logIn logs a user of the provider in and returns the address that the browser ends at.
func (f *federated) logIn(t *testing.T, b *http.Client, who mockoidc.MockUser) string {
	t.Helper()
	f.provider.QueueUser(&who)
	answer, err := b.Get(f.url + "/login/oidc")
	require.NoError(t, err)
	answer.Body.Close()
	return strings.TrimPrefix(answer.Request.URL.String(), f.url)
}

func (f *federated) session(t *testing.T, b *http.Client) (int, wire.Session) {
	t.Helper()
	answer, err := b.Get(f.url + "/v1/session")
	require.NoError(t, err)
	defer answer.Body.Close()
	var s wire.Session
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&s))
	return answer.StatusCode, s
}

func TestClaimsGiveARole(t *testing.T) {
	t.Parallel()
	f := newFederated(t)
	user := func(name string, groups ...string) mockoidc.MockUser {
		return mockoidc.MockUser{Subject: name, Email: name + "@example.org", EmailVerified: true, Groups: groups}
	}
	for _, c := range []struct {
		who    mockoidc.MockUser
		role   string
		labels map[string]string
	}{
		{user("ann", "everyone", "drover-admins"), wire.Admin, nil},
		{user("bob", "everyone", "payments"), wire.Operator, map[string]string{"team": "payments"}},
		{user("eve", "everyone"), wire.Viewer, nil},
	} {
		b := browser(t)
		require.Equal(t, "/", f.logIn(t, b, c.who))
		code, s := f.session(t, b)
		require.Equal(t, http.StatusOK, code)
		require.Equal(t, wire.Session{User: c.who.Email, Role: c.role, Labels: c.labels, ExpiresAt: s.ExpiresAt}, s)
		require.WithinDuration(t, time.Now().Add(8*time.Hour), s.ExpiresAt, time.Minute)
	}
	for why, who := range map[string]mockoidc.MockUser{
		"no rule": user("mallory"), "not verified": {Subject: "x", Email: "ann@example.org", Groups: []string{"drover-admins"}},
	} {
		b := browser(t)
		require.Equal(t, "/?login=refused", f.logIn(t, b, who), why)
		code, _ := f.session(t, b)
		require.Equal(t, http.StatusUnauthorized, code, why)
	}
	page, err := f.api.Audit.Page("", "", "", 50)
	require.NoError(t, err)
	require.Contains(t, page.Items[0].Outcome+page.Items[1].Outcome, "no rule gives mallory@example.org a role")
	require.Equal(t, "ann@example.org", page.Items[4].User)
}

func TestASessionOfTheProviderExpires(t *testing.T) {
	t.Parallel()
	f := newFederated(t)
	b := browser(t)
	who := mockoidc.MockUser{Subject: "ann", Email: "ann@example.org", EmailVerified: true, Groups: []string{"everyone"}}
	f.logIn(t, b, who)
	f.late.Store(int64((8*time.Hour - time.Minute).Seconds()))
	code, _ := f.session(t, b)
	require.Equal(t, http.StatusOK, code)
	f.late.Store(int64((8*time.Hour + time.Minute).Seconds()))
	code, _ = f.session(t, b)
	require.Equal(t, http.StatusUnauthorized, code)
}

// A log-in belongs to one browser, once; a provider that refuses or does not answer is said on the page.
func TestLogInsThatAreNotFinished(t *testing.T) {
	t.Parallel()
	f := newFederated(t)
	who := mockoidc.MockUser{Subject: "ann", Email: "ann@example.org", EmailVerified: true, Groups: []string{"everyone"}}
	f.provider.QueueUser(&who)
	victim := browser(t)
	var callback string
	victim.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == oidc.CallbackPath {
			callback = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	answer, err := victim.Get(f.url + "/login/oidc")
	require.NoError(t, err)
	answer.Body.Close()
	require.NotEmpty(t, callback)
	for _, c := range []struct{ why, address string }{
		{"another browser", callback},
		{"used up by the other browser", callback},
		{"unknown state", f.url + oidc.CallbackPath + "?state=x&code=y"},
		{"refused", f.url + oidc.CallbackPath + "?error=access_denied&state=x"},
	} {
		b := browser(t)
		answer, err := b.Get(c.address)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, "/?login=failed", strings.TrimPrefix(answer.Request.URL.String(), f.url), c.why)
		code, _ := f.session(t, b)
		require.Equal(t, http.StatusUnauthorized, code, c.why)
	}
	answer, err = http.Get(f.url + "/v1/about")
	require.NoError(t, err)
	var about wire.About
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&about))
	answer.Body.Close()
	require.Equal(t, "Example login", about.OIDC)

	alone := newFederated(t)
	require.NoError(t, alone.provider.Shutdown())
	answer, err = browser(t).Get(alone.url + "/login/oidc")
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, "/?login=failed", strings.TrimPrefix(answer.Request.URL.String(), alone.url), "the provider is away")
}

func TestTheConfigurationNamesAllProblems(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "oidc.yaml")
	require.NoError(t, os.WriteFile(file, []byte("issuer: http://login.example.org\nurl: drover\nsession: 48h\nroles: [{claim: groups, role: root}]\nclient_secret_file: nowhere\n"), 0o600))
	_, err := oidc.Read(file)
	for _, want := range []string{"issuer:", "url:", "client_id:", "session: 48h", `roles[0].role: "root"`, "claim and value belong together", "client_secret_file:"} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, os.WriteFile(file, []byte("isuer: x\n"), 0o600))
	_, err = oidc.Read(file)
	require.ErrorContains(t, err, "isuer")
}
