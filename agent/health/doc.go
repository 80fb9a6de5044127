// Package health runs a package's health check and monitor commands on a node and keeps what they last said.
//
// A check that exits 0 within its time limit is a success. healthy_threshold successes in a row make the node healthy,
// unhealthy_threshold failures in a row make it unhealthy. action_cmd runs when it becomes unhealthy, and again while it
// stays so: first after unhealthy_threshold intervals, then after twice the pause before, up to an hour. Nothing runs, and
// no timer exists, until settings enable it.
//
// It reports to no one but its owner: the agent's status and reports carry the result. Caller: agent/daemon.
package health
