package api

import (
	"encoding/json"
	"strings"
	"time"

	"drover/client"
	"drover/specs"
	"drover/workflows/api"
)

// Operation is one run of an operation on a cluster.
type Operation struct {
	// ID is the cluster's id, a dot, and the first run id of the workflow.
	ID string `json:"id" doc:"Cluster id, a dot, and the id of the run" example:"cl-a1b2c3d4.0190a1b2-0000-7000-8000-000000000000"`
	// Note says what is out of order while looking at a running operation, such as that no worker responds.
	Note string `json:"note,omitempty"`
	client.Operation
}

// OperationID is the id of the operation that began as the run on the cluster.
func OperationID(clusterID, runID string) string { return clusterID + "." + runID }

// SplitOperationID is the reverse of OperationID.
func SplitOperationID(id string) (clusterID, runID string, ok bool) {
	clusterID, runID, ok = strings.Cut(id, ".")
	return clusterID, runID, ok && api.ValidClusterID(clusterID) && runID != ""
}

// Start is the request for an operation on an existing cluster.
type Start struct {
	Type  string          `json:"type" doc:"Type of the operation"`
	Input json.RawMessage `json:"input,omitempty" doc:"The operation's own input"`
}

// Create is the request for a new cluster.
type Create struct {
	// ID is chosen by the server when it is empty; with an Idempotency-Key always the same one.
	ID    string                 `json:"id,omitempty" doc:"Cluster id, cl- and 8 lower-case letters or digits; default: chosen by the server"`
	Input api.CreateClusterInput `json:"input"`
}

// Restore is the request for a new cluster made of a backup, which the path names.
type Restore struct {
	ID    string                  `json:"id,omitempty" doc:"Id of the new cluster; default: chosen by the server"`
	Input api.RestoreClusterInput `json:"input,omitzero"`
}

// Verify is the request to test a backup, which the path names.
type Verify struct {
	ID    string                `json:"id,omitempty" doc:"Id of the throw-away cluster; default: chosen by the server"`
	Input api.VerifyBackupInput `json:"input,omitzero"`
}

// Target is where a backup comes from or goes to.
type Target struct {
	Target string `json:"target,omitempty" doc:"Name of a backup target of the workers"`
}

// Cluster is a cluster on a page of the list.
type Cluster struct {
	api.ClusterView
	// Labels are the cluster's labels; roles of users are limited to some of them.
	Labels map[string]string `json:"labels,omitempty"`
	// Held is the step that waits for a decision.
	Held string `json:"held,omitempty" doc:"The step that waits for a decision, empty when none does"`
}

// Page is one page of a list. Next continues it; it is empty on the last page.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
	Total int    `json:"total" doc:"Number of items of all pages"`
	All   int    `json:"all,omitempty" doc:"Number of clusters that the caller may see, with and without the filters"`
}

// Items is a list that is not paged.
type Items[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

// Linted is what lint found in a package.
type Linted struct {
	Errors      int                `json:"errors"`
	Warnings    int                `json:"warnings"`
	Diagnostics []specs.Diagnostic `json:"diagnostics" nullable:"false"`
}

// Published is the answer to an upload: the application, and lint's warnings.
type Published struct {
	App      api.AppView        `json:"app"`
	Warnings []specs.Diagnostic `json:"warnings" nullable:"false"`
}

// Yank takes a version out of what new clusters get, or gives it back.
type Yank struct {
	Undo bool `json:"undo,omitempty" doc:"Offer the version again"`
}

// HostsCheck tests the machines of an inventory.
type HostsCheck struct {
	Provider      string `json:"provider,omitempty" doc:"Only the machines of this provider; default: all"`
	Inventory     string `json:"inventory,omitempty" doc:"Text of an inventory to test in place of the worker's own" maxLength:"1048576"`
	InventoryFile string `json:"inventory_file,omitempty" doc:"Name of the inventory's file, for messages" maxLength:"255"`
}

// Collect releases what providers list for a cluster and no record names.
type Collect struct {
	DryRun bool `json:"dry_run,omitempty"`
}

// About says what answers, and how one logs in. It needs no session.
type About struct {
	Version string `json:"version"`
	UI      string `json:"ui,omitempty" doc:"Address of Temporal's web interface; absent when unknown"`
	OIDC    string `json:"oidc,omitempty" doc:"Name of the OpenID Connect provider, with which browsers log in at /login/oidc; absent without one"`
}

// Session is who asks.
type Session struct {
	User      string            `json:"user"`
	Role      string            `json:"role" enum:"viewer,operator,admin"`
	Labels    map[string]string `json:"labels,omitempty" doc:"Only clusters with all of these labels; absent: all clusters"`
	ExpiresAt time.Time         `json:"expires_at,omitzero"`
}

// LogIn opens a session with a token.
type LogIn struct {
	Token string `json:"token" maxLength:"256" writeOnly:"true"`
}

// Token is a local token, without its text.
type Token struct {
	ID        string            `json:"id"`
	Name      string            `json:"name" doc:"Who uses it; it is the user of the audit list"`
	Role      string            `json:"role" enum:"viewer,operator,admin"`
	Labels    map[string]string `json:"labels,omitempty" doc:"Only clusters with all of these labels; absent: all clusters"`
	CreatedAt time.Time         `json:"created_at"`
	CreatedBy string            `json:"created_by"`
	ExpiresAt time.Time         `json:"expires_at"`
}

// NewToken asks for a token.
type NewToken struct {
	Name      string            `json:"name" minLength:"1" maxLength:"63" pattern:"^[A-Za-z0-9][A-Za-z0-9._@+-]*$"`
	Role      string            `json:"role" enum:"viewer,operator,admin"`
	Labels    map[string]string `json:"labels,omitempty"`
	ExpiresIn string            `json:"expires_in,omitempty" doc:"Duration from 1m to 8760h; default 720h" example:"720h"`
}

// IssuedToken is a new token with its text, which is shown once.
type IssuedToken struct {
	Token
	Text string `json:"text" doc:"The token; it is not stored and cannot be shown again"`
}

// Audit is one request that changed something or was refused.
type Audit struct {
	At        time.Time `json:"at"`
	User      string    `json:"user"`
	Role      string    `json:"role,omitempty"`
	From      string    `json:"from" doc:"Address of the client"`
	Action    string    `json:"action" doc:"Operation id of the route" example:"start-operation"`
	Cluster   string    `json:"cluster,omitempty"`
	Operation string    `json:"operation,omitempty" doc:"Type of the operation"`
	Run       string    `json:"run,omitempty" doc:"Id of the operation that was started"`
	Status    int       `json:"status" doc:"HTTP status of the answer"`
	Outcome   string    `json:"outcome" doc:"Why it was refused or failed; ok otherwise"`
}
