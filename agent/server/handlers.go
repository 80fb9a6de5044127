package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// defaultSync bounds a sync that names no time limit.
const defaultSync = 5 * time.Minute

// maxSync is the longest time limit of a sync; the barrier of an operation waits no longer either.
const maxSync = 24 * time.Hour

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	s.reply(w, r, s.agent.Status(), nil)
}

func (s *Server) now(w http.ResponseWriter, r *http.Request) {
	s.reply(w, r, api.Now{Now: s.commands.Now()}, nil)
}

func (s *Server) sync(w http.ResponseWriter, r *http.Request) {
	var req api.SyncRequest
	if err := decode(w, r, &req); err != nil {
		s.fail(w, r, err)
		return
	}
	if req.Revision < 0 || req.TimeoutSec < 0 || req.TimeoutSec > int(maxSync/time.Second) {
		s.fail(w, r, fault.New(fault.Invalid, "revision must not be negative, and timeout_sec must be between 0 and %d", maxSync/time.Second))
		return
	}
	limit := time.Duration(req.TimeoutSec) * time.Second
	if limit == 0 {
		limit = defaultSync
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	res, err := s.agent.Sync(ctx, req.Revision)
	if err != nil && ctx.Err() == context.DeadlineExceeded && r.Context().Err() == nil {
		err = late(req.Revision, limit, s.agent.Status())
	}
	s.reply(w, r, res, err)
}

// late says what a barrier waits for (B4).
func late(wanted int64, limit time.Duration, st api.Status) error {
	why := "it is still being applied"
	if st.Waiting != "" {
		why = st.Waiting
	}
	return fault.New(fault.BarrierTimeout, "revision %d was not applied within %s: the node is at revision %d; %s",
		wanted, limit, st.Revision, why).At(st.ClusterID, st.NodeID, "")
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	res, err := s.agent.Reload(r.Context())
	s.reply(w, r, res, err)
}

func (s *Server) preview(w http.ResponseWriter, r *http.Request) {
	var req api.PreviewRequest
	err := decode(w, r, &req)
	var res api.PreviewResult
	if err == nil {
		res, err = s.agent.Preview(r.Context(), req)
	}
	s.reply(w, r, res, err)
}

func (s *Server) endPassCommand(w http.ResponseWriter, r *http.Request) {
	s.agent.EndPassCommand()
	s.reply(w, r, s.agent.Status(), nil)
}

func (s *Server) config(w http.ResponseWriter, r *http.Request) {
	var c api.Config
	err := decode(w, r, &c)
	if err == nil {
		err = s.agent.Configure(c)
	}
	s.reply(w, r, s.agent.Status(), err)
}

func (s *Server) launch(w http.ResponseWriter, r *http.Request) {
	var c api.Command
	wait, err := waitOf(r)
	if err == nil {
		err = decode(w, r, &c)
	}
	var st api.CommandStatus
	if err == nil {
		st, err = s.commands.Launch(r.Context(), r.PathValue("id"), c)
	}
	if err == nil && wait > 0 && st.State == api.StateRunning {
		st, err = s.commands.Attach(r.Context(), r.PathValue("id"), wait)
	}
	s.reply(w, r, st, err)
}

func (s *Server) attach(w http.ResponseWriter, r *http.Request) {
	wait, err := waitOf(r)
	var st api.CommandStatus
	if err == nil {
		st, err = s.commands.Attach(r.Context(), r.PathValue("id"), wait)
	}
	s.reply(w, r, st, err)
}

func (s *Server) cancel(w http.ResponseWriter, r *http.Request) {
	wait, err := waitOf(r)
	var st api.CommandStatus
	if err == nil {
		st, err = s.commands.Cancel(r.Context(), r.PathValue("id"), wait)
	}
	s.reply(w, r, st, err)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	limit, err := numberOf(r, "limit", api.ListLimit)
	var out api.CommandList
	if err == nil {
		out, err = s.commands.List(r.URL.Query().Get("match"), int(limit))
	}
	s.reply(w, r, out, err)
}

func (s *Server) output(w http.ResponseWriter, r *http.Request) {
	from, err := numberOf(r, "from", 0)
	limit, limitErr := numberOf(r, "limit", api.OutputLimit)
	var out api.CommandOutput
	if err = errors.Join(err, limitErr); err == nil {
		out, err = s.commands.Output(r.PathValue("id"), from, int(limit))
	}
	s.reply(w, r, out, err)
}
