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
//
// Root of the node reads everything; its other users do not see passwords and tokens: such a key is a 403, and is
// missing in folders. Processes that are not the node's read nothing. The kernel knows whose the connection is: nodes of
// the local provider share one loopback with each other and with the users of the machine.
// Caller: agent/daemon.
package metad
