package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: fetch URL SHA256 PROGRAM FILE")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := fetch(ctx, usual, release{url: os.Args[1], sum: os.Args[2], program: os.Args[3]}, os.Args[4])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// release is one archive and the program wanted from it.
type release struct{ url, sum, program string }

// fetch makes file, complete and executable, or leaves nothing of that name.
func fetch(ctx context.Context, patience patience, release release, file string) error {
	archive := file + ".archive"
	defer os.Remove(archive)
	if err := download(ctx, patience, release.url, release.sum, archive); err != nil {
		return err
	}
	return unpack(archive, release.url, release.program, file)
}
