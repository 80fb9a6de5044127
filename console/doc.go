// Command drover-console serves Drover's web pages, and its HTTP API below /v1. It starts and follows operations
// through package client, reads the views of clusters from Consul, and keeps nothing but tokens, sessions and the audit list.
//
// It contacts no node, no provider, and reads no control record.
package main
