package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"drover/tests/stack/tree"
)

// notHere is the reason why no world can run here; "" when one can.
var notHere string

// programs is the folder of the programs that the process outside has built; it starts this process in a new network
// namespace.
var programs = flag.String("chaos-programs", "", "programs that are built already")

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	switch {
	case testing.Short():
		return m.Run(), nil
	case *programs != "":
		if os.Getuid() == 0 {
			err = LoopbackUp()
		}
		if err != nil {
			return 0, err
		}
		return m.Run(), nil
	}
	if os.Getuid() == 0 {
		// Without one, cuts would be made in the machine's own network.
		if err := CanInside(); err != nil {
			notHere = err.Error()
			return m.Run(), nil
		}
	}
	root, err := tree.Root()
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "drover-chaos-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := Build(context.Background(), root, dir); err != nil {
		return 0, err
	}
	if os.Getuid() != 0 {
		*programs = dir
		return m.Run(), nil
	}
	return Inside("-chaos-programs", dir)
}
