// Package histories proves with recorded workflow histories that workflow code still does what it did when they were
// recorded: a worker with changed code would otherwise get stuck on operations that run across its update. It also
// measures how much history operations on a thousand nodes leave behind.
//
// testdata holds one recording per line of the table in scenarios_test.go: every workflow that ended well, that failed
// and was undone, that was cancelled, and that was in the middle of a step. Recording them again takes a Temporal
// server of its own and about a minute:
//
//	go test ./workflows/histories -run TestRecord -record
//
// When to do that, and when not: docs/decisions/2026-11-23-workflow-changes.md.
//
// It does not test what operations do: those are beside the workflows, and in endtoend. Nothing imports it.
package histories
