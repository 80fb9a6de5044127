// Package health runs a package's health check and monitor commands on a node and keeps what they last said.
//
// A check that exits 0 within its time limit is a success. healthy_threshold successes in a row make the node healthy,
// unhealthy_threshold failures in a row make it unhealthy; action_cmd runs once each time it becomes unhealthy. Nothing
// runs, and no timer exists, until settings enable it.
//
// It does not tell anybody: the agent's status carries the result. Caller: agent/daemon.
package health
