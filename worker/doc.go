// Command drover-worker serves Drover's workflows and activities. It only wires: flags and environment become
// connections (Temporal, Consul, SSH), connections become the dependencies of activities, and everything is registered
// on one task queue. Any number of workers may run; they may die and come back at any time.
package main
