package confd

import (
	"time"

	"drover/agent/api"
)

const (
	firstRetry = 5 * time.Second
	lastRetry  = 5 * time.Minute
)

// failure is a check, write or reload that did not succeed for a content, and when to try it again.
type failure struct {
	digest  string
	count   int
	next    time.Time
	warning api.Warning
}

// failed notes one more failure of a resource for this content.
func (e *Engine) failed(r *resource, digest string, w api.Warning) {
	f := e.failures[r.name]
	if f == nil || f.digest != digest || f.warning.What != w.What {
		f = &failure{digest: digest}
		e.failures[r.name] = f
	}
	wait := lastRetry
	if f.count < 6 {
		wait = min(wait, firstRetry<<f.count)
	}
	f.count++
	f.next, f.warning = e.now().Add(wait), w
}

// held is the failure that keeps a step from being retried yet; nil when it may be tried.
func (e *Engine) held(r *resource, digest, what string) *failure {
	f := e.failures[r.name]
	if f == nil || f.digest != digest || f.warning.What != what || !e.now().Before(f.next) {
		return nil
	}
	return f
}
