// Package journal runs commands exactly once per id and remembers how they ended.
//
// Every command has a folder named by its id:
//
//	record        lines, in this order: what to run (intent), that it began (started), its process group, how it ended
//	              (result). Its lock is held by the supervisor from before the start until the result is durable. The
//	              room for all lines is taken before the start: a disk that is full at the end costs no result.
//	alive, ctl    FIFOs: the supervisor's life (readers see EOF when it lets go) and its wake-up for a cancel
//	cancel        a cancel was requested
//	output[.1]    stdout and stderr together, the last few MiB
//	output.begins where output.1 and output begin in all that was printed; missing until there is an output.1
//
// The intent and that it began are durable before /bin/sh is executed: from there on, it must not run again. The
// result is durable before it is reported. So the state follows from what is on disk, whatever process reads it and
// whatever was killed in between:
//
//	lock held                     running
//	result                        exited
//	started                       unknown (the supervisor was killed or the node went down during the command)
//	intent only                   never started: launching it is safe, and exactly one supervisor wins
//
// Commands are run by a detached supervisor process (Supervise), so an agent that is killed, restarted or replaced
// changes nothing. It is started for the first command, runs those that follow too, and ends when nothing needs
// it: an agent that is gone asks for nothing, and the next agent starts its own. It enforces the time limit and the
// cancel; the agent does where it does not (Guard). This is not a scheduler and not a log store: the result keeps a
// tail, old entries are pruned.
// Callers: agent/server (the Journal), agent/daemon (Guard), drover-agent's main (Supervise).
package journal
