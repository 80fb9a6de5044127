// Package daemon is the agent as a whole: it watches the cluster's published revision, has the configuration engine
// apply each one, and puts the journal, the health checks, the metadata HTTP and the API's socket around that.
//
//	watch ──kick──► passes ──► engine        one pass at a time; changes during a pass collapse into one more
//	  ▲                 │
//	Consul          applied revision ──► Sync (barriers), state file, metadata HTTP
//
// Everything survives Consul being away, at boot or later, with jittered back-off, and says so in Status.Waiting. When
// nothing changes, one blocking query waits and a timer goes off once a minute.
//
// It renders nothing and runs no command by itself. Caller: drover-agent's run command.
package daemon
