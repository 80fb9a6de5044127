package server

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	wire "drover/console/api"
	"drover/console/auth"
	"drover/fault"
)

const cookieName = "drover_session"

type callKey struct{}

// call is who asks, and what the audit list keeps of the request; handlers complete it.
type call struct {
	auth.Identity
	secret string // of the session or token
	entry  wire.Audit
}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// authorize identifies the caller, and refuses what is beyond the role and the labels of the caller. Every request that may change
// something, and every refusal, is in the audit list.
func (s *Server) authorize(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation()
	role, _ := op.Metadata["role"].(string)
	c := &call{entry: wire.Audit{At: s.Now().UTC(), From: s.client(ctx.RemoteAddr(), ctx.Header("X-Forwarded-For")), Action: op.OperationID, Outcome: "ok"}}
	c.secret = secretOf(ctx)
	var known bool
	c.Identity, known = s.Auth.Identify(c.secret)
	c.entry.User, c.entry.Role = c.User, c.Role
	if cluster, _, _ := strings.Cut(ctx.Param("id"), "."); strings.HasPrefix(cluster, "cl-") {
		c.entry.Cluster = cluster
	}
	refuse := func(code int, text string) {
		c.entry.Status, c.entry.Outcome = code, text
		s.record(c)
		_ = huma.WriteErr(s.docs, ctx, code, text)
	}
	switch {
	case role == public:
	case !known:
		ctx.SetHeader("WWW-Authenticate", "Bearer")
		_ = huma.WriteErr(s.docs, ctx, http.StatusUnauthorized, "log in, or send a token as Authorization: Bearer")
		return
	case !auth.Includes(c.Role, role):
		refuse(http.StatusForbidden, "the role "+c.Role+" may not do this; it needs the role "+role)
		return
	case c.entry.Cluster != "" && !s.sees(ctx.Context(), c.Identity, c.entry.Cluster):
		refuse(http.StatusForbidden, "cluster "+c.entry.Cluster+" is outside the labels of "+c.User)
		return
	case len(c.Labels) > 0 && role == wire.Admin:
		refuse(http.StatusForbidden, "a user who is limited to labels may not do this: it concerns all clusters")
		return
	}
	next(huma.WithValue(ctx, callKey{}, c))
	if reads, _ := op.Metadata["reads"].(bool); op.Method != http.MethodGet && role != public && !reads {
		c.entry.Status = ctx.Status()
		s.record(c)
	}
}

func (s *Server) record(c *call) {
	if err := s.Audit.Add(c.entry); err != nil {
		s.Logger.Error("the audit list cannot be written", "error", err, "action", c.entry.Action, "user", c.entry.User)
	}
}

// sees reports whether a cluster is within the labels of who asks.
func (s *Server) sees(ctx context.Context, who auth.Identity, cluster string) bool {
	if len(who.Labels) == 0 {
		return true
	}
	v, _, err := s.Views.One(ctx, cluster)
	return err == nil && who.Covers(v.Labels)
}

func secretOf(ctx huma.Context) string {
	if token, ok := strings.CutPrefix(ctx.Header("Authorization"), "Bearer "); ok {
		return token
	}
	if c, err := huma.ReadCookie(ctx, cookieName); err == nil {
		return c.Value
	}
	return ""
}

// from is the address of the client of a request.
func (s *Server) from(r *http.Request) string {
	return s.client(r.RemoteAddr, strings.Join(r.Header["X-Forwarded-For"], ","))
}

// client is the other end of the connection; behind a proxy the last address of its list, which is the one that it has seen itself.
func (s *Server) client(remote, forwarded string) string {
	if last := strings.TrimSpace(forwarded[strings.LastIndexByte(forwarded, ',')+1:]); s.Proxied && last != "" {
		return host(last)
	}
	return host(remote)
}

func host(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}

// noted completes the audit entry with how the request ended.
func noted(ctx context.Context, err error) error {
	err = failed(err)
	if err != nil {
		callOf(ctx).entry.Outcome = err.Error()
	}
	return err
}

func tooMany() error {
	return problem(http.StatusTooManyRequests, fault.New(fault.Unreachable, "too many attempts to log in; wait a minute"))
}
