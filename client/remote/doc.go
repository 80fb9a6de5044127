// Package remote is Drover's client over the HTTP API of drover-console, for users without access to Temporal: it has the methods
// of client.Client that the drover command needs, with the same results and faults. The server checks requests, asks the workers,
// and knows from the token who asks.
//
// It prints nothing and reads no environment. Callers: starter/cli, and Go programs that operate clusters with a token.
package remote
