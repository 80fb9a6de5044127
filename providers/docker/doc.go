// Package docker makes nodes that are containers of a Docker engine, through its API (engines from 20.10 on; the
// version is negotiated).
//
//	Drover                         engine                                      name
//	──────                         ──────                                      ────
//	instance i-abc                 container, host name i-abc                  drover-i-abc
//	volume vol-x                   named volume                                drover-vol-x
//	vxnet                          bridge network, one for all clusters of it  drover-net-vxnet-1, drover-default
//	"cluster cl-y joins vxnet"     empty volume, a record                      drover-cl-y.<sum>
//	"vol-x has grown to 7 GiB"     empty volume, a record                      drover-vol-x.7
//
// Process 1 of a container is drover-node, whatever the image's own entry point: it answers SSH, reaps, and keeps the
// agent running. drover-node, drover-agent, the host key and the authorized key are copied into a container before its
// first start, so that any image with a /bin/sh can be a node. The host key is made here and copied over the engine's
// API, the public half is a label: nothing is trusted because it answered first. Whether a
// node is powered off is its container's restart policy, the only thing about a container that can be changed.
//
// Addresses are chosen here, not by the engine, so that a node keeps its own when it is off or replaced. All state is the
// engine's: names and labels (label.go). Labels never change, hence the records above. Several workers may use one
// engine: what must be unique is made so by names, or settled afterwards by age (contest.go). Every call can be cut at
// any point and tried again.
//
// What it is not: it schedules on no swarm, builds no images, publishes no ports. The worker must reach the bridge
// networks: it runs on the engine's host, or in a container that is attached to them (Options.Attach).
//
// Callers: worker (New), activities (through their interfaces), tests.
package docker
