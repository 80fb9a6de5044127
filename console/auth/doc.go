// Package auth knows who may use the console: local tokens, sessions of browsers, one-time links, and the audit list.
//
// Secrets are random and stored as digests. Tokens, sessions and the audit list are files of the state folder; one-time links are in
// memory and end with the process. Callers: console, console/server.
package auth
