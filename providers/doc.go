// Package providers is the contract between Drover and whatever makes machines, with one conformance suite for all
// of them. The implementations live in the folders below: local (sandboxes on this machine) and fake (a scriptable
// one for tests).
//
// A provider makes and releases resources and nothing more: it runs no package command, writes no metadata and
// decides nothing. Callers: activities, through the small interface they declare.
package providers
