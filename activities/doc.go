// Package activities registers where operations touch the world. There is a package per subject, each with the small
// interfaces it uses; this one wires them to their dependencies and converts their errors (faults.go). Inputs are
// references (cluster id, revision, node ids); what they refer to is read from the control record, so that
// specifications, command texts and secrets stay out of Temporal's history.
//
// It decides nothing about procedures (that is lifecycle and workflows) and makes no connections (that is worker, which
// calls New). Every activity may be retried at any point: effects are idempotent under ids chosen beforehand.
package activities
