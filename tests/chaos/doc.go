// Package chaos injects faults to test that every command of every operation runs once, for the death of any process at
// any moment.
//
// The programs are the real ones: a Temporal server with a database file, Consul, drover-worker and local nodes with their
// agents. A relay between worker and Temporal sees every scheduled and every ended activity, and can stop the worker there.
// So a process is killed exactly between two activities, or after the effect of an activity and before its report, and not
// after a sleep. Every command on a node writes a line to a file on the node's volume and waits at a gate for the harness:
// so a process is killed exactly while a command runs.
//
// The moments come from an undisturbed run of an operation, and the expected commands from its dry run: a new step, or a
// new command, is covered automatically.
//
// The same relay makes activities fail, so that operations undo their completed steps; the state is then compared with the
// state before (undone.go).
//
// Callers: chaos/matrix, which runs every case (make chaos), and the tests here, which run a few. It is for tests only.
package chaos
