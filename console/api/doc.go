// Package api is the wire of the console's HTTP API: the resources under /v1 that are not already resources of package
// workflows/api or client. It is plain data; console/openapi.json is generated from it.
//
// It serves and calls nothing. Callers: console/server, client/remote.
package api
