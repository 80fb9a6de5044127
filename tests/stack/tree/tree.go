package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Root is the folder above the working directory that has go.mod and tools/ensure.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		_, modErr := os.Stat(filepath.Join(dir, "go.mod"))
		_, toolErr := os.Stat(filepath.Join(dir, "tools", "ensure"))
		if modErr == nil && toolErr == nil {
			NoteInputs(dir)
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("not inside Drover's source tree: no folder above has go.mod and tools/ensure")
		}
	}
}

// NoteInputs makes the programs and .build/test/started, which tools/test touches, inputs of the test that runs by looking
// at them: go test would take the result from its cache when something changed that it does not know of. Go records what
// tests look at from the beginning of testing.M.Run to its end.
func NoteInputs(root string) {
	for _, file := range []string{"bin/drover", "bin/drover-worker", "bin/drover-agent", "bin/drover-node", ".build/test/started"} {
		_, _ = os.Stat(filepath.Join(root, file))
	}
}

// Tool is the path of a pinned tool (tools/ensure NAME), which is built the first time. The output of a build goes to log.
func Tool(ctx context.Context, root, name string, log io.Writer) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(root, "tools", "ensure"), name)
	cmd.Stdout, cmd.Stderr = &out, log
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("tools/ensure %s: %w", name, err)
	}
	return strings.TrimSpace(out.String()), nil
}

// builtBefore is set by make for tests it runs after `make build`.
const builtBefore = "DROVER_BUILT"

// Programs is the folder with drover, drover-worker, drover-agent and drover-node. It runs `make build`, so that the flags
// are those of the Makefile and nothing is compiled twice; go itself knows what is out of date. Processes that ask at the
// same time build once.
var Programs = sync.OnceValues(func() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	if os.Getenv(builtBefore) == "" {
		err = Make(root, "build")
	}
	return filepath.Join(root, "bin"), err
})

// Program is one of Programs, or, as .build/bin/NAME, one that tests alone need.
func Program(name string) (string, error) {
	bin, err := Programs()
	return filepath.Join(bin, name), err
}

// Make brings a target of the Makefile up to date, one process at a time.
func Make(root, target string) error {
	if err := os.MkdirAll(filepath.Join(root, ".build"), 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(root, ".build", "make.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	cmd := exec.Command("make", "--no-print-directory", "-s", "-C", root, target)
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=") // those of a make above are not for this one
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make %s: %w\n%s", target, err, out)
	}
	return nil
}
