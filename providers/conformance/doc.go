// Package conformance is the one suite that every provider must pass: what package providers promises, as tests. A
// provider's own test supplies a Harness and calls Run.
//
// It knows no provider and tests nothing that only one of them does (how isolated a sandbox is, which container engine
// runs). Callers: the tests of the providers.
package conformance
