package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tool is the path of a pinned tool (tools/ensure NAME), which is built the first time; what it says while it builds
// goes to the stack's log.
func (s *Stack) Tool(ctx context.Context, name string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(s.Root, "tools", "ensure"), name)
	cmd.Stdout, cmd.Stderr = &out, s.Log
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("tools/ensure %s: %w", name, err)
	}
	return strings.TrimSpace(out.String()), nil
}

// FindRoot is the source tree above the working directory: the folder with go.mod and tools/ensure.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		_, modErr := os.Stat(filepath.Join(dir, "go.mod"))
		_, toolErr := os.Stat(filepath.Join(dir, "tools", "ensure"))
		if modErr == nil && toolErr == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("not inside Drover's source tree: no folder above has go.mod and tools/ensure")
		}
	}
}
