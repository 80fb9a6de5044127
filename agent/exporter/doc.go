// Package exporter serves a node's metrics for Prometheus: those of its machine, of the processes that are visible in it,
// of the agent, and the items that the package's monitor command printed last.
//
// It has no authentication and serves nothing but GET /metrics: numbers, the ids of cluster and node, and the values of text
// items, cut to textLimit. It runs no command: the health runner does. Caller: agent/daemon.
package exporter
