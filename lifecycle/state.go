package lifecycle

// State is what a cluster is. It is set by the cluster's own operations and by nothing else.
//
//	              CreateCluster                          DeleteCluster
//	(nothing) ───────────────► creating ──► active ──────────────────► deleting ──► (nothing)
//	                              │           ▲  │                        │
//	          undone: (nothing) ◄─┤           │  └── destroy guard ◄──────┤ refused: active
//	          kept:      failed ◄─┘           │                           └ post-stop guard refused: stopped
//	                        │                 │
//	                        └── DeleteCluster from failed, stopped, upgrade_failed, creating works too
type State string

const (
	Creating      State = "creating"       // CreateCluster runs, or died half-way and nobody undid it
	Active        State = "active"         // every service runs as the package starts it
	Stopped       State = "stopped"        // services are stopped; data is kept
	Failed        State = "failed"         // creation failed and was kept for inspection (on_failure: keep)
	UpgradeFailed State = "upgrade_failed" // an upgrade stopped half-way; downgrade or delete
	Deleting      State = "deleting"       // DeleteCluster runs, or died half-way
)
