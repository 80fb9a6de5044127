// Package specs reads application packages: it finds them (folder or archive), reads config.json and
// cluster.json.mustache, checks values a user gives, and renders a Cluster. Everything here is pure: no clock, no
// network, no Temporal. Errors carry file, line and JSON path, all of them at once.
//
// It does not decide anything about nodes or procedures (that is lifecycle) and does not know the metadata layout.
// Callers: the CLI (lint, render), activities (publish, prepare), tests.
package specs
