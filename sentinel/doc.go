// Package sentinel keeps an eye on all clusters: it reads what agents report of their nodes, finds those that are silent, asks
// running operations where they are, writes what it knows beside the views of clusters, and starts the operations that heal bad nodes.
// Every worker runs one; a lease in Consul lets one of them work at a time.
//
// It contacts no node, and decides nothing: the decisions are lifecycle.HealthOf and lifecycle.Heal. Caller: worker.
package sentinel
