// Package docker creates nodes as containers of a Docker engine, through its API (engines from 20.10 on; the version is
// negotiated).
//
//	Drover                         engine                                      name
//	──────                         ──────                                      ────
//	instance i-abc                 container, host name i-abc                  drover-i-abc
//	volume vol-x                   named volume                                drover-vol-x
//	vxnet                          bridge network, one for all clusters of it  drover-net-vxnet-1, drover-default
//	"cluster cl-y joins vxnet"     empty volume, a record                      drover-cl-y.<sum>
//	"vol-x has grown to 7 GiB"     empty volume, a record                      drover-vol-x.7
//
// Process 1 of a container is drover-node, in place of the image's entry point: it answers SSH, reaps processes, and keeps
// the agent running. drover-node, drover-agent, the host key and the authorized key are copied into a container before its
// first start, so that any image with a /bin/sh can be a node. The host key is generated here and copied over the engine's
// API, and its public key is a label: no key is trusted on first use. The restart policy of a container, its only property
// that can be changed, records whether the node is powered off.
//
// Addresses are chosen here, not by the engine, so that a node keeps its address when it is off or replaced. The engine
// stores all state in names and labels (label.go). Labels never change, hence the records above. Several workers may use
// one engine: uniqueness is ensured by names, or afterwards by age (contest.go). Every call can be interrupted at any point
// and retried.
//
// It does not use swarms, build images or publish ports. The worker must have access to the bridge networks: it runs on the
// engine's host, or in a container that is attached to them (Options.Attach).
//
// Callers: worker (New), activities (through their interfaces), tests.
package docker
