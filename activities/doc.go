// Package activities is where operations touch the world: one struct per subject (records, provisioning, metadata,
// commands on nodes, published applications), each with its dependencies as small interfaces declared here. Inputs are
// references (cluster id, revision, node ids); what they refer to is read from the control record, so that
// specifications, command texts and secrets stay out of Temporal's history.
//
// It decides nothing about procedures (that is lifecycle and workflows) and it makes no connections (that is worker).
// Every activity may be retried at any point: effects are idempotent under ids chosen beforehand. Errors are faults,
// converted once at the boundary (faults.go).
package activities
