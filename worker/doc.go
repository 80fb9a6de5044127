// Command drover-worker serves Drover's workflows and activities. It only does the wiring: flags and environment become
// connections (Temporal, Consul, SSH), connections become the dependencies of activities, and all workflows and activities
// are registered on one task queue. Any number of workers may run; they may die and restart at any time.
package main
