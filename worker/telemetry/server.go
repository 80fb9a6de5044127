package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"drover/fault"
)

// Check is a condition of readiness; nil error: it holds.
type Check struct {
	Name string
	Ask  func(context.Context) error
}

// Server is the worker's HTTP server:
//
//	GET /metrics   the meters, in Prometheus's format
//	GET /healthz   200 "ok" while the process serves
//	GET /readyz    200 when the worker serves the task queue and every check holds, else 503 with the reasons
//	GET /sd        the nodes of all clusters, for Prometheus's http_sd_configs (Targets)
type Server struct {
	meters   *Meters
	log      *slog.Logger
	listener net.Listener
	http     *http.Server

	mu      sync.Mutex
	serves  bool
	checks  []Check
	targets func(context.Context) ([]Target, error)
}

// Serve listens on addr. With elsewhere, a taken port is not an error: another worker of this machine has it, and any free one
// of the same host serves as well.
func Serve(addr string, elsewhere bool, m *Meters, log *slog.Logger) (*Server, error) {
	listener, err := net.Listen("tcp", addr)
	if elsewhere && errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(addr)
		listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "serve metrics on %s", addr).
			WithHint("use another address with --metrics, or none with --metrics off")
	}
	s := &Server{meters: m, log: log, listener: listener}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: complaints{log}, ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /sd", s.discovery)
	s.http = &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the metrics server ended", "error", err)
		}
	}()
	log.Info("metrics", "url", "http://"+s.Address()+"/metrics")
	return s, nil
}

// complaints logs what cannot be gathered.
type complaints struct{ log *slog.Logger }

func (c complaints) Println(v ...any) {
	c.log.Warn("metrics are incomplete", "error", strings.TrimSpace(fmt.Sprintln(v...)))
}

// Address is where it listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Serves says that the worker serves its task queue from now on, or not any more. It is ready while the checks hold.
func (s *Server) Serves(on bool, checks ...Check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serves, s.checks = on, checks
}

// Discover serves targets for Prometheus.
func (s *Server) Discover(targets func(context.Context) ([]Target, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.targets = targets
}

// readyWithin is how long one question of readiness may take.
const readyWithin = 3 * time.Second

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	serves, checks := s.serves, slices.Clone(s.checks)
	s.mu.Unlock()
	ctx, stop := context.WithTimeout(r.Context(), readyWithin)
	defer stop()
	var problems []string
	if !serves {
		problems = append(problems, "the worker does not serve its task queue")
	}
	for _, c := range checks {
		if err := c.Ask(ctx); err != nil {
			problems = append(problems, c.Name+": "+err.Error())
		}
	}
	if len(problems) > 0 {
		http.Error(w, strings.Join(problems, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	targets := s.targets
	s.mu.Unlock()
	list := []Target{}
	if targets != nil {
		var err error
		if list, err = targets(r.Context()); err != nil {
			// Prometheus keeps the targets it has when the answer is not 200.
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(list)
}

// Close ends the server and the meters.
func (s *Server) Close() {
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	_ = s.http.Shutdown(ctx)
}
