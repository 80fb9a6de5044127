// Package apps lets the tests of application packages work the way users do: real servers, a real worker, real nodes of
// provider local, and the drover command. It builds a package with its build.sh, publishes it, runs operations, looks
// into nodes, and keeps a client writing meanwhile.
//
// It is for tests only. Called by the tests of the folders beside it and of endtoend/given. (packages/etcd tests its scripts without workflows
// and has a lab of its own.)
package apps
