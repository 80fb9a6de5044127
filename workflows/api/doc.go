// Package api is what callers of Drover's workflows need: names, inputs, results, and the progress query. It is plain
// data (standard library and fault only), so that the CLI, the Temporal UI's users and other services share one
// vocabulary.
//
// It starts nothing and decides nothing. Callers: workflows, starter, any Go program with a Temporal client.
package api
