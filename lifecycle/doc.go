// Package lifecycle holds the pure decisions of the documented procedures over a rendered specification, the
// inventory of a cluster's nodes and a request: stages and their order groups, phases, id and sid allocation,
// permission checks, cluster states. No clock, no random, no input or output, no Temporal: whatever must vary is a
// parameter.
//
// It does not execute anything. Callers: workflows (through views small enough for history), activities, tests.
package lifecycle
