package apps

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
	"drover/tests/stack/tree"
)

// unbuildable is the exit code with which a build.sh says that the machine lacks what it needs (apt).
const unbuildable = 3

var builds sync.Map // folder -> func() (string, error)

// Versions builds the package of a folder beside this one into .build, as `make packages` does, and gives its versions,
// oldest first. Where the machine cannot build it, the test is skipped.
func Versions(t *testing.T, folder string) []string {
	t.Helper()
	once, _ := builds.LoadOrStore(folder, sync.OnceValues(func() (string, error) { return build(folder) }))
	out, err := once.(func() (string, error))()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == unbuildable {
		t.Skip(strings.TrimSpace(out))
	}
	require.NoError(t, err, out)
	return strings.Fields(out)
}

// build gives the versions, or what build.sh said and how it ended.
func build(folder string) (string, error) {
	root, err := tree.Root()
	if err != nil {
		return "", err
	}
	into := filepath.Join(root, ".build")
	out, err := exec.Command(filepath.Join(root, "packages", folder, "build.sh"), into).CombinedOutput()
	if err != nil {
		return string(out), err
	}
	versions, err := os.ReadFile(filepath.Join(into, "packages", folder+".versions"))
	return string(versions), err
}

// Package is the path of a built package.
func Package(t *testing.T, folder, version string) string {
	t.Helper()
	root, err := tree.Root()
	require.NoError(t, err)
	return filepath.Join(root, ".build", "packages", folder+"-"+version)
}

// Open reads a built package.
func Open(t *testing.T, folder, version string) *specs.Package {
	t.Helper()
	p, err := specs.Open(Package(t, folder, version))
	require.NoError(t, err)
	return p
}
