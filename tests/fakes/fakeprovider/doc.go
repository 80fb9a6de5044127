// Package fakeprovider is a provider in memory that does what a test says: it delays and fails chosen calls, dies in mid
// call, loses answers after the deed, and remembers every call. Otherwise it behaves as a provider must: it passes the
// conformance suite as far as that needs no SSH. Thousands of nodes cost nothing.
//
// Its instances are not machines: nothing answers at their addresses. Callers: tests of activities and workflows.
package fakeprovider
