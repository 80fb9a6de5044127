package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"drover/client"
	"drover/console/auth"
	"drover/console/oidc"
	"drover/metadata"
)

// Views are the views of all clusters: a views.Watcher.
type Views interface {
	All(ctx context.Context) ([]metadata.View, error)
	One(ctx context.Context, id string) (metadata.View, <-chan struct{}, error)
}

// Options are what the API is made of.
type Options struct {
	Version string
	UI      string // address of Temporal's web interface, "" when unknown
	Client  *client.Client
	Views   Views
	Auth    *auth.Auth
	Audit   *auth.Audit
	OIDC    *oidc.Provider // nil: no log-in with a provider
	Pages   http.Handler   // the web pages, for all other paths
	Secure  bool           // cookies only over HTTPS
	Proxied bool           // the client is the last address of X-Forwarded-For
	Logger  *slog.Logger
	Now     func() time.Time
}

// Server answers the API and the web pages. Handler is its use.
type Server struct {
	Options
	hub       *hub
	docs      huma.API
	concerned lastConcerns
}

// New returns a server; ctx ends the watching of operations.
func New(ctx context.Context, o Options) *Server {
	return &Server{Options: o, hub: newHub(ctx, o.Client)}
}

// Handler serves everything: /v1, /login and the pages.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.docs = humago.New(mux, config(s.Version))
	s.docs.UseMiddleware(s.authorize)
	s.routes(s.docs)
	mux.HandleFunc("GET /login/{key}", s.once)
	if s.OIDC != nil {
		mux.HandleFunc("GET /login/oidc", s.beginOIDC)
		mux.HandleFunc("GET "+oidc.CallbackPath, s.finishOIDC)
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusNotFound, "no such route; /v1/openapi.json lists all")
	})
	mux.Handle("/", s.Pages)
	protected := http.NewCrossOriginProtection()
	protected.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusForbidden, "the request comes from a page of another site")
	}))
	return s.headers(protected.Handler(mux))
}

func writeProblem(w http.ResponseWriter, code int, text string) {
	p := huma.NewError(code, text)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(p)
}

// policy allows what is served from here alone, and no inline script or style.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// headers are those of every answer, pages included; what may be cached is decided here for the API, and by the pages for theirs.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/v1/") || strings.HasPrefix(r.URL.Path, "/login/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}
