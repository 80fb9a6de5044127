// Package journal runs commands exactly once per id and remembers how they ended.
//
// Every command has a folder named by its id. Its files, in the order in which they appear:
//
//	intent.json   what to run; durable before anything starts
//	lock          held by the supervisor from before the start until the result is durable
//	alive, ctl    FIFOs: the supervisor's life (readers see EOF when it lets go) and its wake-up for a cancel
//	cancel        somebody asked to end it
//	started.json  durable before /bin/sh is executed: from here on, nobody may run it again
//	group.json    the command's process group
//	output[.1]    stdout and stderr together, the last few MiB
//	result.json   how it ended; durable
//
// so that the state follows from what is on disk, whoever asks and whatever was killed in between:
//
//	result                        exited
//	lock held                     running
//	started, lock free            unknown (the supervisor was killed or the node went down in mid command)
//	intent only, lock free        never started: launching it is safe, and exactly one supervisor wins
//
// The command is run by a detached supervisor process (Supervise), so an agent that is killed, restarted or replaced
// changes nothing. It is not a scheduler and not a log store: the result keeps a tail, old entries are pruned.
// Callers: agent/server (the Journal), drover-agent's main (Supervise).
package journal
