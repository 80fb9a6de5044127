package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/devstack"
)

var errNotUp = errors.New("no stack is up; start one with: make dev")

// status says what runs, where, and which clusters have nodes.
func (d dev) status() error {
	stack, err := devstack.Attach(d.options)
	if err != nil {
		return errNotUp
	}
	running, err := devstack.Running(d.options.Dir)
	if err != nil {
		return err
	}
	for _, name := range []string{"temporal", "consul", "drover-worker"} {
		state := "does not run; make dev starts it again, its log is " + stack.LogFile(name)
		if slices.Contains(running, name) {
			state = "runs"
		}
		fmt.Printf("%-14s %s\n", name, state)
	}
	d.describe(stack)
	clusters, err := d.clusters(stack)
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

func (d dev) describe(stack *devstack.Stack) {
	fmt.Printf("Temporal       %s\n", stack.TemporalAddress)
	fmt.Printf("Temporal UI    %s\n", stack.UIURL)
	fmt.Printf("Consul and UI  %s/ui/\n", stack.ConsulURL)
	fmt.Printf("Logs           %s\n", stack.LogFile("*"))
}

// clusters are those that own something on this machine; that needs no server to answer.
func (d dev) clusters(stack *devstack.Stack) ([]string, error) {
	machines, err := stack.Machines()
	if err != nil {
		return nil, err
	}
	return machines.Clusters()
}
