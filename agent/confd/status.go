package confd

import (
	"slices"
	"time"
)

// States of a resource after a pass.
const (
	// StatusApplied: file and service are as the revision wants them.
	StatusApplied = "applied"
	// StatusPending: the file is in place; its reload failed or is put off by min_reload_interval.
	StatusPending = "pending"
	// StatusFailed: rendering, checking or writing failed; the file is as it was.
	StatusFailed = "failed"
	// StatusQuarantined: the resource file itself is broken.
	StatusQuarantined = "quarantined"
	// StatusShadowed: a later resource writes the same file.
	StatusShadowed = "shadowed"
)

// ResourceStatus is one file of conf.d as the last pass left it.
type ResourceStatus struct {
	Name   string `json:"name"`
	Src    string `json:"src,omitempty"`
	Dest   string `json:"dest,omitempty"`
	Status string `json:"status"`
	// Message says why the status is not StatusApplied, or what is odd.
	Message string `json:"message,omitempty"`
	// RetryAt is when it will be retried by itself; zero when only a change helps.
	RetryAt time.Time `json:"retry_at,omitzero"`
}

// Resources are all files of conf.d in their order, as the last complete pass left them.
func (e *Engine) Resources() []ResourceStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.statuses)
}
