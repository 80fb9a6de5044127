package consultest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// binary finds the pinned consul; building it the first time takes some minutes.
var binary = sync.OnceValues(func() (string, error) {
	root, err := repoRoot()
	if err == nil {
		out, ensureErr := exec.Command(filepath.Join(root, "tools", "ensure"), "consul").Output()
		if ensureErr == nil {
			return strings.TrimSpace(string(out)), nil
		}
		err = fmt.Errorf("tools/ensure consul: %w", ensureErr)
		var exit *exec.ExitError
		if errors.As(ensureErr, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
	}
	if path, lookErr := exec.LookPath("consul"); lookErr == nil {
		return path, nil
	}
	return "", err
})

// repoRoot is the folder above the working directory that holds go.mod and tools/ensure.
func repoRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, modErr := os.Stat(filepath.Join(dir, "go.mod"))
		_, toolErr := os.Stat(filepath.Join(dir, "tools", "ensure"))
		if modErr == nil && toolErr == nil {
			return dir, nil
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		return "", errors.New("no folder above has go.mod and tools/ensure, and consul is not on PATH")
	}
}
