package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Agent is what the server asks about configuration and health.
type Agent interface {
	Status() api.Status
	// Sync waits until at least the revision is applied, or ctx ends.
	Sync(ctx context.Context, revision int64) (api.SyncResult, error)
	// Reload reads conf.d again and applies the current revision once more.
	Reload(ctx context.Context) (api.SyncResult, error)
	// Preview renders the configuration with a change of the cluster's keys and applies nothing.
	Preview(ctx context.Context, r api.PreviewRequest) (api.PreviewResult, error)
	// EndPassCommand ends the check_cmd or reload_cmd that the running pass waits for.
	EndPassCommand()
	// Configure replaces the health check and monitor settings.
	Configure(c api.Config) error
}

// Commands is the journal.
type Commands interface {
	Now() string
	Launch(ctx context.Context, id string, c api.Command) (api.CommandStatus, error)
	Attach(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error)
	Cancel(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error)
	List(match string, limit int) (api.CommandList, error)
	Output(id string, from int64, limit int) (api.CommandOutput, error)
}

// Server serves one agent.
type Server struct {
	agent    Agent
	commands Commands
	log      *slog.Logger
}

// New makes a server; log gets what fails inside, never commands or settings.
func New(a Agent, c Commands, log *slog.Logger) *Server {
	return &Server{agent: a, commands: c, log: log}
}

// closing is how long calls that are being answered may take when the server ends; waits are ended at once.
const closing = 5 * time.Second

// Serve answers on l until ctx ends, then closes l. Waiting calls get an Unreachable error: a caller that waits asks again.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		limited, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		_ = srv.Shutdown(limited)
	})
	err := srv.Serve(l)
	if !stop() {
		<-stopped
		return nil
	}
	return fault.Wrap(err, fault.Internal, "serve the agent's socket")
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", s.status)
	mux.HandleFunc("GET /v1/now", s.now)
	mux.HandleFunc("POST /v1/sync", s.sync)
	mux.HandleFunc("POST /v1/reload", s.reload)
	mux.HandleFunc("POST /v1/preview", s.preview)
	mux.HandleFunc("DELETE /v1/pass/command", s.endPassCommand)
	mux.HandleFunc("PUT /v1/config", s.config)
	mux.HandleFunc("PUT /v1/commands/{id}", s.launch)
	mux.HandleFunc("GET /v1/commands/{id}", s.attach)
	mux.HandleFunc("DELETE /v1/commands/{id}", s.cancel)
	mux.HandleFunc("GET /v1/commands", s.list)
	mux.HandleFunc("GET /v1/commands/{id}/output", s.output)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, fault.New(fault.NotFound, "the agent has no call %s %s", r.Method, r.URL.Path))
	})
	return mux
}
