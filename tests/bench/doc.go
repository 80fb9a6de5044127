// Command bench measures Drover against its targets on this machine and prints a table, the method and a verdict for
// each: whole operations (part "create"), a change's way to the nodes ("change"), and the agent itself ("agent").
//
// It starts its own Temporal, Consul and worker, makes real local nodes, and removes all of it at the end. It is not a
// micro benchmark: those are beside the code they measure (go test -bench).
//
//	go run ./tests/bench                                everything, about five minutes
//	go run ./tests/bench -console                       drover-console alone
//	go run ./tests/bench -only create -nodes 10,50      one part, other sizes
//	go run ./tests/bench -scale                         an installation of 10,000 clusters
package main
