// Package server answers package api on the agent's unix socket: it decodes, calls the daemon or the journal, encodes,
// and ends a wait when the caller goes away. Only root can open the socket; there is no other authentication.
//
// It decides nothing about configuration or commands. Caller: agent/daemon.
package server
