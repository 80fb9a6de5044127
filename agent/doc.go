// Command drover-agent is Drover's program on each node of a cluster: it renders configuration (agent/confd), runs
// commands exactly once (agent/journal), watches the application's health (agent/health), serves metadata to scripts
// (agent/metad) and answers Drover (agent/server). One static binary; the supervisors of commands are the same file.
//
// It decides nothing about clusters and never writes to Consul.
package main
