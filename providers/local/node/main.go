// Command drover-node is a node from the inside: `boot` assembles the sandbox of a node of provider local (which starts
// it, in fresh namespaces) and becomes `init`, process 1: it reaps, answers SSH and keeps services running. `probe` reports
// provider local what this machine allows.
//
// `init` needs nothing of `boot` and may be process 1 of a container too.
package main

import (
	"fmt"
	"os"

	"drover/providers/local/internal/sandbox"
)

const usage = `usage:
  drover-node init --ssh HOST:PORT [--sshd /usr/sbin/sshd]   be process 1 of a node
  drover-node boot SPEC                                      started by provider local
  drover-node probe SCRATCH-FOLDER                           started by provider local`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch command, args := os.Args[1], os.Args[2:]; {
	case command == "init":
		err = runInit(args)
	case command == "boot" && len(args) == 1:
		err = sandbox.Boot(args[0]) // comes back only when it failed
		notify("boot: " + err.Error())
	case command == "probe" && len(args) == 1:
		err = sandbox.Probe(args[0], os.Stdout)
	default:
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "drover-node %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// notify answers the process that booted this node, which may have ended.
func notify(word string) {
	status := os.NewFile(sandbox.StatusFD, "status")
	_, _ = status.WriteString(word)
	status.Close()
}
