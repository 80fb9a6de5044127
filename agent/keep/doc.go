// Package keep makes the agent run and keep running on its node, whatever process 1 is there, and ends it again:
//
//	systemd                    a unit, enabled
//	a node's own small init    an executable file in api.ServicesDir, and SIGHUP to process 1
//	anything else              a detached parent process that starts the agent again when it ends
//
// All of it is idempotent: an agent that runs as it should is left alone, one whose program or settings changed is
// restarted. Commands outlive all of this, since their supervisors are children of no Drover process. Caller: drover-agent's start and
// stop commands.
package keep
