package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"drover/agent/cli"
	"drover/agent/journal"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	// One of these runs beside the agent while commands do: it gets by without anything that follows.
	if len(os.Args) == 3 && os.Args[1] == "supervise" {
		os.Exit(journal.Supervise(os.Args[2]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, cli.System{Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Version: version})
	stop()
	os.Exit(code)
}
