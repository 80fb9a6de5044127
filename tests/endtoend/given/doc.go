// Package given tests clusters on machines that users gave: the real programs, a real Temporal server and a real
// Consul, and sandboxes with OpenSSH in the role of the machines, on which Drover leaves nothing behind.
//
// There is nothing here but tests. What makes the machines is the provider local, in a state folder the worker knows
// nothing of.
package given
