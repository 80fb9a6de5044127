// Package consultest runs real Consul servers for tests: one shared in-memory server per test binary (Start), and
// servers of a test's own: ones that can be stopped and started again on their data (StartServer), and ones
// with ACLs (StartWithACLs).
//
// It is test support only; nothing that ships may import it. The consul binary comes from tools/ensure, or from PATH
// where there is no source tree. A test is skipped, with the reason, when neither has one and
// with -short.
package consultest
