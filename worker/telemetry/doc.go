// Package telemetry is what a worker reports about itself: its log, without the noise of Temporal's SDK, and an HTTP server
// with metrics for Prometheus, health and readiness, and the nodes of all clusters as targets.
//
// It decides nothing and changes nothing. What is served names clusters, nodes and their addresses, never values or
// secrets; the server has no authentication and listens on loopback unless told otherwise. Caller: worker.
package telemetry
