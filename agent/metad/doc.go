// Package metad serves a node's metadata to scripts on that node over HTTP (curl metadata/self/host/ip): what its agent
// sees, and nothing else.
//
//	GET /self/host/ip                  text: the bare value
//	GET /self/hosts/                   text: lines of /path<TAB>value, paths relative to the folder, sorted
//	Accept: application/json           objects within objects, values as strings
//	Accept: application/yaml           the same as YAML (also application/x-yaml, text/yaml)
//	?wait=true&prev_version=N          answers when the version is another than N
//
// Every answer carries the version in X-Metad-Version. It listens on loopback addresses only and writes nothing.
// Caller: agent/daemon.
package metad
