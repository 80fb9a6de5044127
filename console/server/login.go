package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	wire "drover/console/api"
	"drover/console/auth"
	"drover/fault"
)

func (s *Server) about(context.Context, *nothing) (*body[wire.About], error) {
	about := wire.About{Version: s.Version, UI: s.UI}
	if s.OIDC != nil {
		about.OIDC = s.OIDC.Name
	}
	return &body[wire.About]{Body: about}, nil
}

func (s *Server) logIn(ctx context.Context, in *logInInput) (*sessionAnswer, error) {
	from := callOf(ctx).entry.From
	if !s.Auth.Try(from) {
		return nil, tooMany()
	}
	key, who, ok := s.Auth.LogIn(in.Body.Token)
	entry := wire.Audit{At: s.Now().UTC(), User: who.User, Role: who.Role, From: from, Action: "log-in", Status: http.StatusOK, Outcome: "ok"}
	if !ok {
		entry.Status, entry.Outcome = http.StatusUnauthorized, "unknown token"
	}
	s.record(&call{entry: entry})
	if !ok {
		return nil, problem(http.StatusUnauthorized, fault.New(fault.Unauthorized, "the token is unknown or has expired"))
	}
	return &sessionAnswer{SetCookie: s.cookie(key, who.Expires).String(), Body: session(who)}, nil
}

// once opens a session with the key of a one-time link.
func (s *Server) once(w http.ResponseWriter, r *http.Request) {
	from := s.from(r)
	if !s.Auth.Try(from) {
		writeProblem(w, http.StatusTooManyRequests, "too many attempts to log in; wait a minute")
		return
	}
	key, who, ok := s.Auth.Once(r.PathValue("key"))
	if !ok && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/?link=used", http.StatusSeeOther) // the page says it
		return
	}
	if !ok {
		writeProblem(w, http.StatusUnauthorized, "the link was used or has expired; SIGUSR1 makes drover-console print another")
		return
	}
	s.record(&call{entry: wire.Audit{At: s.Now().UTC(), User: who.User, Role: who.Role, From: from, Action: "log-in", Status: http.StatusSeeOther, Outcome: "ok"}})
	http.SetCookie(w, s.cookie(key, who.Expires))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Server) cookie(value string, expires time.Time) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", Expires: expires, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode,
	}
}

func session(who auth.Identity) wire.Session {
	return wire.Session{User: who.User, Role: who.Role, Labels: who.Labels, ExpiresAt: who.Expires}
}

func (s *Server) session(ctx context.Context, _ *nothing) (*body[wire.Session], error) {
	return &body[wire.Session]{Body: session(callOf(ctx).Identity)}, nil
}

func (s *Server) logOut(ctx context.Context, _ *nothing) (*loggedOut, error) {
	s.Auth.LogOut(callOf(ctx).secret)
	gone := s.cookie("", time.Unix(1, 0))
	gone.MaxAge = -1
	return &loggedOut{SetCookie: gone.String()}, nil
}

func (s *Server) tokens(context.Context, *nothing) (*body[wire.Items[wire.Token]], error) {
	return &body[wire.Items[wire.Token]]{Body: wire.Items[wire.Token]{Items: s.Auth.Tokens()}}, nil
}

func (s *Server) createToken(ctx context.Context, in *tokenInput) (*body[wire.IssuedToken], error) {
	issued, err := s.Auth.Issue(in.Body, callOf(ctx).User)
	if err != nil {
		return nil, noted(ctx, err)
	}
	return &body[wire.IssuedToken]{Body: issued}, nil
}

func (s *Server) deleteToken(ctx context.Context, in *tokenIDInput) (*nothing, error) {
	return nil, noted(ctx, s.Auth.Delete(in.ID))
}

func (s *Server) audits(_ context.Context, in *auditInput) (*body[wire.Page[wire.Audit]], error) {
	page, err := s.Audit.Page(in.Cluster, in.User, in.Cursor, in.Limit)
	return &body[wire.Page[wire.Audit]]{Body: page}, failed(err)
}
