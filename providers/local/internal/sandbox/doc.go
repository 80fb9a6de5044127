// Package sandbox turns the process that runs it, freshly cloned into new namespaces, into process 1 of a node: it
// assembles the node's file system, leaves the host's behind, gives up the powers a node must not have and becomes the
// node's init.
//
// Every path that the node could have prepared (symbolic links!) is resolved after the host's file system is gone;
// mounts are therefore made detached first (fsopen, open_tree) and attached last (move_mount). It needs Linux 5.12.
//
// It neither creates the namespaces nor decides anything: package local writes the Spec, starts the process and waits.
// Callers: the commands `boot` and `probe` of drover-node.
package sandbox
