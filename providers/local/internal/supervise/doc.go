// Package supervise is what process 1 of a node does besides SSH: it starts processes, collects every process that ends
// (its own and orphans), and keeps services running.
//
// It is not a service manager with dependencies or units: a service is an executable file in a folder. Callers: the command
// `init` of drover-node.
package supervise
