// Package consultest runs real Consul servers for tests: one shared in-memory server per test binary (Start), and
// servers of a test's own: ones that can be stopped and started again on their data (StartServer), and ones
// with ACLs (StartWithACLs). Tests that need Temporal too use package stack.
//
// It is test support only; nothing that ships may import it. Tests are skipped with -short.
package consultest
