// Package preview makes up a cluster of a package, without machines, and says what the configuration of one of its nodes would
// be: the same allocation of nodes, the same metadata and the same view that a real cluster has, with addresses and ids that are
// not in use.
//
// It creates nothing, contacts nothing and does not render: agent/confd does. Caller: starter/cli.
package preview
