package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// bodyLimit bounds a request; the largest honest one is a command of 128 KiB and its env.
const bodyLimit = 1 << 20

// maxWait bounds ?wait: longer waits are asked for again.
const maxWait = time.Hour

func decode(w http.ResponseWriter, r *http.Request, into any) error {
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	err := in.Decode(into)
	switch {
	case err == nil:
		if _, err = in.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("there is more after the JSON object")
		}
	case errors.Is(err, io.EOF):
		err = errors.New("it is empty; a JSON object is expected")
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("the JSON ends too early, at byte %d", in.InputOffset())
	}
	return fault.Wrap(err, fault.Invalid, "body of %s %s", r.Method, r.URL.Path)
}

func waitOf(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "wait=%q is not a number of seconds", text)
	}
	return time.Duration(min(n, int(maxWait/time.Second))) * time.Second, nil
}

// numberOf reads a number from the query; a missing one is otherwise.
func numberOf(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "%s=%q is not a number", name, text)
	}
	return n, nil
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request, v any, err error) {
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.As(err)
	switch {
	case f != nil:
	case r.Context().Err() != nil:
		// The caller is gone, or the agent ends: in the latter case the caller still reads this.
		f = fault.New(fault.Unreachable, "the agent is being stopped")
	default:
		f = fault.Wrap(err, fault.Internal, "%s %s", r.Method, r.URL.Path)
	}
	var tooLarge *http.MaxBytesError
	status := statusOf(f.Type)
	if errors.As(err, &tooLarge) {
		status = http.StatusRequestEntityTooLarge
	}
	if status == http.StatusInternalServerError {
		s.log.Warn("call failed", "method", r.Method, "path", r.URL.Path, "error", f.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(api.Error{Error: f.Error(), Type: string(f.Type)})
}

func statusOf(t fault.Type) int {
	switch t {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.NotAllowed, fault.Unauthorized:
		return http.StatusForbidden
	case fault.BarrierTimeout:
		return http.StatusGatewayTimeout
	case fault.Unreachable:
		return http.StatusServiceUnavailable
	case fault.NoCapacity:
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}
