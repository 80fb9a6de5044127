package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"

	"drover/agent/api"
	"drover/providers/local/internal/sandbox"
	"drover/providers/local/internal/sshserver"
	"drover/providers/local/internal/supervise"
)

const hostKeyFile = "/etc/ssh/ssh_host_ed25519_key"

// authorizedKeys are the files whose keys log in as root.
var authorizedKeys = []string{api.OperatorKeys, "/root/.ssh/authorized_keys"}

// runInit is process 1. It does not return while all is well.
func runInit(args []string) error {
	flags := flag.NewFlagSet("init", flag.ContinueOnError)
	address := flags.String("ssh", "0.0.0.0:22", "address to answer SSH on")
	sshd := flags.String("sshd", "", "run this OpenSSH server in place of the built-in one")
	booted := flags.Bool("booted", false, "report to provider local on file descriptor 3 when SSH answers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log.SetFlags(log.LUTC | log.LstdFlags)
	if *booted {
		unix.CloseOnExec(sandbox.StatusFD)
	}
	say := func(word string) {
		if *booted {
			notify(word)
		}
	}
	// Hundreds of nodes share a machine: memory matters more than speed here.
	debug.SetGCPercent(25)

	// Before anything else: a HUP must never find its default action.
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)

	env := os.Environ()
	procs := supervise.NewProcesses()
	services := supervise.NewServices(api.ServicesDir, api.LogDir, procs, env)
	if err := ensureHostKey(hostKeyFile); err != nil {
		say("init: " + err.Error())
		return err
	}
	var err error
	if *sshd != "" {
		err = keepOpenSSH(services, *sshd, *address)
	} else {
		err = serveBuiltIn(procs, *address, env)
	}
	if err != nil {
		say("init: " + err.Error())
		return err
	}
	services.Scan()
	debug.FreeOSMemory()
	say(sandbox.Ready)
	for range hup {
		services.Scan()
	}
	return nil
}

func serveBuiltIn(procs *supervise.Processes, address string, env []string) error {
	server, err := sshserver.New(hostKeyFile, authorizedKeys, procs, env)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("ssh: %w", err)
	}
	go func() {
		if err := server.Serve(l); err != nil {
			log.Printf("ssh: %v", err)
		}
	}()
	return nil
}
