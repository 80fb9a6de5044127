package api

// Roles, each including the ones before it.
const (
	Viewer   = "viewer"   // reads
	Operator = "operator" // also starts, resolves and cancels operations
	Admin    = "admin"    // also publishes, and manages tokens, orphans and the audit list
)
