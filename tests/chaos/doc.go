// Package chaos proves that nothing is lost: every command of every operation runs once, whatever process dies at
// whatever moment.
//
// The programs are the real ones: a Temporal server with a database file, Consul, drover-worker and local nodes with their
// agents. Between worker and Temporal stands a relay that sees every activity that is scheduled and every one that
// ended, and can stop the world there. So a process is killed exactly between two activities, or when an activity
// has had its effect and nobody knows, and not after a sleep. Every command on a node writes a line to a file on the
// node's volume and waits at a gate for the harness: so a process is killed exactly while a command runs.
//
// Moments come from what an operation does when nobody disturbs it, and the commands it must run from its dry run: a new
// step, or a new command, is covered by itself.
//
// The same relay lets activities fail, so that operations undo what they did; what is left is then compared with what was
// before (undone.go).
//
// Callers: chaos/matrix, which runs every case (make chaos), and the tests here, which run a few. It is not for products.
package chaos
