package etcd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// buildDir holds what build.sh and the Go tool make for these tests.
var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "drover-etcd")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// built is the folder with packages/ and images/ as build.sh makes it.
var built = sync.OnceValues(func() (string, error) {
	return buildDir, command("./build.sh", buildDir)
})

// programs are drover-node and drover-agent.
var programs = sync.OnceValues(func() (string, error) {
	for name, pkg := range map[string]string{"drover-node": "drover/providers/local/node", "drover-agent": "drover/agent"} {
		if err := command("go", "build", "-o", filepath.Join(buildDir, "bin", name), pkg); err != nil {
			return "", err
		}
	}
	return filepath.Join(buildDir, "bin"), nil
})

func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}
