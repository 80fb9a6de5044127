package server

import (
	"net/http"
	"net/url"
	"time"

	wire "drover/console/api"
	"drover/console/auth"
	"drover/console/oidc"
	"drover/fault"
)

// stateCookie ties a log-in at the provider to the browser that began it. It comes back from another site, so it cannot be strict.
const stateCookie = "drover_login"

// beginOIDC sends the browser to the provider.
func (s *Server) beginOIDC(w http.ResponseWriter, r *http.Request) {
	if !s.Auth.Try(s.from(r)) {
		writeProblem(w, http.StatusTooManyRequests, "too many attempts to log in; wait a minute")
		return
	}
	address, state, err := s.OIDC.Begin(r.Context())
	if err != nil {
		s.refuseOIDC(w, r, err)
		return
	}
	http.SetCookie(w, s.stateCookie(state, int(oidc.Life.Seconds())))
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// finishOIDC opens a session for who comes back from the provider.
func (s *Server) finishOIDC(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, s.stateCookie("", -1))
	query, began := r.URL.Query(), ""
	if c, err := r.Cookie(stateCookie); err == nil {
		began = c.Value
	}
	if refused := query.Get("error"); refused != "" {
		s.refuseOIDC(w, r, fault.New(fault.Unauthorized, "the provider refused the log-in: %.100q", refused))
		return
	}
	user, err := s.OIDC.Finish(r.Context(), query.Get("state"), query.Get("code"), began)
	if err != nil {
		s.refuseOIDC(w, r, err)
		return
	}
	key, who := s.Auth.Open(auth.Identity{User: user.Name, Role: user.Role, Labels: user.Labels, Expires: user.Expires})
	s.record(&call{entry: wire.Audit{
		At: s.Now().UTC(), User: who.User, Role: who.Role, From: s.from(r), Action: "log-in", Status: http.StatusSeeOther, Outcome: "ok",
	}})
	http.SetCookie(w, s.cookie(key, who.Expires))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// refuseOIDC notes why, and shows the log-in page with the reason.
func (s *Server) refuseOIDC(w http.ResponseWriter, r *http.Request, err error) {
	s.record(&call{entry: wire.Audit{
		At: s.Now().UTC(), From: s.from(r), Action: "log-in", Status: http.StatusUnauthorized, Outcome: err.Error(),
	}})
	s.Logger.Warn("a log-in failed", "error", err, "from", s.from(r))
	why := "failed"
	if f := fault.As(err); f != nil && f.Type == fault.NotAllowed {
		why = "refused"
	}
	http.Redirect(w, r, "/?"+url.Values{"login": {why}}.Encode(), http.StatusSeeOther)
}

func (s *Server) stateCookie(value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: stateCookie, Value: value, Path: oidc.CallbackPath, MaxAge: age, Expires: s.Now().Add(time.Duration(age) * time.Second),
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode,
	}
}
