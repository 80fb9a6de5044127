package tracer

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Handler decides when and how commands end. Its methods are called concurrently.
type Handler interface {
	// Begin is called when a command begins, with a number of its own, and returns when the command may continue. ctx ends
	// when the command is killed. An error refuses the command, which then fails.
	Begin(ctx context.Context, id int, e Event) (Answer, error)
	// End is called when a command ends by itself.
	End(id int)
}

// Server is where commands report.
type Server struct {
	Address string // host:port
	handler Handler
	server  *http.Server
	last    atomic.Int64
}

// Listen starts a server at an address of this machine; port 0 is any free one.
func Listen(address string, h Handler) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &Server{Address: listener.Addr().String(), handler: h}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+BeginPath, s.begin)
	mux.HandleFunc("POST "+EndPath, s.end)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// Close ends the server; commands that wait for an answer fail.
func (s *Server) Close() error { return s.server.Close() }

func (s *Server) begin(w http.ResponseWriter, r *http.Request) {
	var e Event
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id := int(s.last.Add(1))
	answer, err := s.handler.Begin(r.Context(), id, e)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if r.Context().Err() != nil {
		return // it was killed
	}
	answer.ID = id
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Server) end(w http.ResponseWriter, r *http.Request) {
	var e End
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.handler.End(e.ID)
	w.WriteHeader(http.StatusOK)
}
