// Package workflows holds one file per cluster operation that reads like the numbered procedure of the lifecycle
// document, and the few shared pieces they stand on: the operation (input, own id, begin and end), steps and stages,
// the undo stack, activity options, progress. Deterministic code only: every effect is an activity, every decision a
// pure function of lifecycle.
//
// It sees no provider, Consul, SSH or Docker client. Callers: worker (registration), tests, the replayer.
package workflows
