package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/tests/stack"
)

var errNotUp = errors.New("no stack is up; start one with: make dev")

// status says what runs, where, and which clusters have nodes.
func (d *dev) status() error {
	servers, err := stack.Attach(d.options)
	if err != nil {
		return errNotUp
	}
	running, err := stack.Running(d.options.Dir)
	if err != nil {
		return err
	}
	for _, name := range []string{"temporal", "consul", "drover-worker", "drover-console"} {
		state := "does not run; make dev starts it again, its log is " + servers.LogFile(name)
		if slices.Contains(running, name) {
			state = "runs"
		}
		fmt.Printf("%-14s %s\n", name, state)
	}
	d.describe(servers)
	clusters, err := d.clusters(servers)
	if err != nil {
		return err
	}
	if len(clusters) == 0 {
		fmt.Println("No clusters.")
	} else {
		fmt.Println("Clusters with resources on this machine:", strings.Join(clusters, " "))
	}
	return nil
}

func (d *dev) describe(servers *stack.Stack) {
	fmt.Printf("Console        %s\n", servers.ConsoleURL())
	fmt.Printf("Temporal       %s\n", servers.TemporalAddress)
	fmt.Printf("Temporal UI    %s\n", servers.UIURL)
	fmt.Printf("Consul and UI  %s/ui/\n", servers.ConsulURL)
	fmt.Printf("Metrics        %s/metrics\n", servers.WorkerURL())
	fmt.Printf("Logs           %s\n", servers.LogFile("*"))
}

// clusters are those that own something on this machine; that needs no server to answer.
func (d *dev) clusters(servers *stack.Stack) ([]string, error) {
	machines, err := servers.Machines()
	if err != nil {
		return nil, err
	}
	return machines.Clusters()
}
