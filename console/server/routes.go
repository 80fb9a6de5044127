package server

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	wire "drover/console/api"
)

// maxUpload bounds the archive of a package, maxBody all other bodies.
const (
	maxUpload = 32 << 20
	maxBody   = 1 << 20
)

// public marks routes without a session.
const public = "public"

// route describes one route; its role is the least that may use it.
func route(id, method, path, role, summary string, more ...func(*huma.Operation)) huma.Operation {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Description: summary + ".",
		Tags: []string{strings.Split(strings.TrimPrefix(path, "/v1/"), "/")[0]}, MaxBodyBytes: maxBody,
		Metadata: map[string]any{"role": role}, Extensions: map[string]any{"x-drover-role": role},
	}
	if role != public {
		op.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	}
	for _, m := range more {
		m(&op)
	}
	return op
}

func status(code int) func(*huma.Operation) {
	return func(o *huma.Operation) { o.DefaultStatus = code }
}

func uploaded(o *huma.Operation) { o.MaxBodyBytes = maxUpload }

// reads marks a route that changes nothing although its question is in a body: it is not in the audit list.
func reads(o *huma.Operation) { o.Metadata["reads"] = true }

// routes registers everything below /v1.
func (s *Server) routes(a huma.API) {
	huma.Register(a, route("about", http.MethodGet, "/v1/about", public, "What answers, and how one logs in"), s.about)
	huma.Register(a, route("log-in", http.MethodPost, "/v1/session", public, "Open a session with a token"), s.logIn)
	huma.Register(a, route("session", http.MethodGet, "/v1/session", wire.Viewer, "Who asks, and what they may do"), s.session)
	huma.Register(a, route("log-out", http.MethodDelete, "/v1/session", wire.Viewer, "End the session", status(http.StatusNoContent)), s.logOut)
	huma.Register(a, route("tokens", http.MethodGet, "/v1/tokens", wire.Admin, "List the local tokens"), s.tokens)
	huma.Register(a, route("create-token", http.MethodPost, "/v1/tokens", wire.Admin, "Issue a token; its text is shown once", status(http.StatusCreated)), s.createToken)
	huma.Register(a, route("delete-token", http.MethodDelete, "/v1/tokens/{id}", wire.Admin, "Delete a token and end its sessions", status(http.StatusNoContent)), s.deleteToken)
	huma.Register(a, route("audit", http.MethodGet, "/v1/audit", wire.Admin, "List who did what, newest first"), s.audits)

	huma.Register(a, route("clusters", http.MethodGet, "/v1/clusters", wire.Viewer, "List clusters"), s.clusters)
	huma.Register(a, route("create-cluster", http.MethodPost, "/v1/clusters", wire.Operator, "Create a cluster, or plan it", status(http.StatusAccepted)), s.createCluster)
	huma.Register(a, route("cluster", http.MethodGet, "/v1/clusters/{id}", wire.Viewer, "One cluster with its nodes"), s.cluster)
	huma.Register(a, route("edit-cluster", http.MethodPatch, "/v1/clusters/{id}", wire.Operator, "Change name, labels, protection, healing or maintenance of a cluster, also while an operation runs"), s.edit)
	events(a, route("cluster-events", http.MethodGet, "/v1/clusters/{id}/events", wire.Viewer, "Follow one cluster"), wire.Cluster{}, s.clusterEvents,
		func(in *clusterEvents) string { return in.Last })
	huma.Register(a, route("history", http.MethodGet, "/v1/clusters/{id}/operations", wire.Viewer, "Operations of a cluster, newest first"), s.history)
	huma.Register(a, route("current-operation", http.MethodGet, "/v1/clusters/{id}/operations/current", wire.Viewer, "The running operation of a cluster, or the last one"), s.current)
	huma.Register(a, route("start-operation", http.MethodPost, "/v1/clusters/{id}/operations", wire.Operator, "Start an operation, or plan it",
		status(http.StatusAccepted), func(o *huma.Operation) { o.SkipValidateBody = true }), s.startOperation)
	huma.Register(a, route("examine", http.MethodGet, "/v1/clusters/{id}/examination", wire.Viewer, "Compare record, provider, metadata and agents of a cluster"), s.examine)
	huma.Register(a, route("values", http.MethodGet, "/v1/clusters/{id}/values", wire.Viewer, "Values in force of a cluster, without passwords"), s.values)
	huma.Register(a, route("logs", http.MethodPost, "/v1/clusters/{id}/logs", wire.Viewer, "Read what commands printed on the nodes", reads), s.logs)
	huma.Register(a, route("commands", http.MethodGet, "/v1/clusters/{id}/commands", wire.Viewer, "Commands that operators ran on nodes of a cluster, newest first"), s.commands)
	huma.Register(a, route("exec", http.MethodPost, "/v1/clusters/{id}/commands", wire.Operator, "Run a command on a node as root, also while an operation runs, and wait for its end; it ends when the request does"), s.exec)
	huma.Register(a, route("collect-orphans", http.MethodPost, "/v1/clusters/{id}/orphans/collect", wire.Admin, "Release what providers list for a cluster and no record names"), s.collectOrphans)

	huma.Register(a, route("operation", http.MethodGet, "/v1/operations/{id}", wire.Viewer, "One operation with its progress"), s.operation)
	events(a, route("operation-events", http.MethodGet, "/v1/operations/{id}/events", wire.Viewer, "Follow one operation to its end"), wire.Operation{}, s.operationEvents,
		func(in *operationEvents) string { return in.Last })
	huma.Register(a, route("resolve", http.MethodPost, "/v1/operations/{id}/resolve", wire.Operator, "Retry, skip or abort the held step"), s.resolve)
	huma.Register(a, route("cancel", http.MethodPost, "/v1/operations/{id}/cancel", wire.Operator, "Cancel the operation and undo its completed steps", status(http.StatusAccepted)), s.cancel)

	huma.Register(a, route("apps", http.MethodGet, "/v1/apps", wire.Viewer, "List the published applications"), s.apps)
	huma.Register(a, route("default-app", http.MethodGet, "/v1/apps/{app}", wire.Viewer, "The version of an application that a creation takes"), s.defaultApp)
	huma.Register(a, route("app", http.MethodGet, "/v1/apps/{app}/versions/{version}", wire.Viewer, "One version of an application with its settings and services"), s.app)
	huma.Register(a, route("publish-app", http.MethodPost, "/v1/apps", wire.Admin, "Publish a package", status(http.StatusCreated), uploaded), s.publish)
	huma.Register(a, route("yank-app", http.MethodPost, "/v1/apps/{app}/versions/{version}/yank", wire.Admin, "Take a version out of what new clusters get, or offer it again"), s.yank)
	huma.Register(a, route("unpublish-app", http.MethodDelete, "/v1/apps/{app}/versions/{version}", wire.Admin, "Remove a version that no cluster and no backup uses"), s.unpublish)
	huma.Register(a, route("lint", http.MethodPost, "/v1/lint", wire.Viewer, "Check a package without publishing it", uploaded), s.lint)

	huma.Register(a, route("backups", http.MethodGet, "/v1/backups", wire.Viewer, "List the backups, the oldest first within a cluster"), s.backups)
	huma.Register(a, route("backup", http.MethodGet, "/v1/backups/{id}", wire.Viewer, "One backup with its parts"), s.backup)
	huma.Register(a, route("restore", http.MethodPost, "/v1/backups/{id}/restore", wire.Operator, "Restore a backup into a new cluster, or plan it", status(http.StatusAccepted)), s.restore)
	huma.Register(a, route("verify", http.MethodPost, "/v1/backups/{id}/verify", wire.Operator, "Restore a backup into a throw-away cluster and compare, or plan it", status(http.StatusAccepted)), s.verify)
	huma.Register(a, route("import", http.MethodPost, "/v1/backups/{id}/import", wire.Admin, "Take a backup of a target into the catalogue"), s.importBackup)
	huma.Register(a, route("export", http.MethodPost, "/v1/backups/{id}/export", wire.Operator, "Copy a backup to another target, and wait until it is there"), s.exportBackup)

	huma.Register(a, route("concerns", http.MethodGet, "/v1/concerns", wire.Viewer, "List what needs attention, with the commands that mend it"), s.concerns)
	huma.Register(a, route("orphans", http.MethodGet, "/v1/orphans", wire.Viewer, "List the orphan ledger"), s.orphans)
	huma.Register(a, route("retry-orphans", http.MethodPost, "/v1/orphans/retry", wire.Admin, "Retry the release of all orphans once"), s.retryOrphans)
	huma.Register(a, route("providers", http.MethodGet, "/v1/providers", wire.Viewer, "List the workers' providers"), s.providers)
	huma.Register(a, route("hosts", http.MethodGet, "/v1/hosts", wire.Viewer, "List the machines of the host inventory"), s.hosts)
	huma.Register(a, route("check-hosts", http.MethodPost, "/v1/hosts/check", wire.Operator, "Test the machines of the host inventory, or of another one"), s.checkHosts)
}
