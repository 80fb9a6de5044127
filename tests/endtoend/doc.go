// Package endtoend tests Drover as a user meets it: the real programs, a real Temporal server, a real Consul, real
// sandboxes reached over SSH, and processes killed without warning. Application packages made for the purpose leave a
// trace on every node of what ran when.
//
// There is nothing here but tests.
package endtoend
