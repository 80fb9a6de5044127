package apps

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/specs"
	"drover/tests/stack"
)

// Answer is what a program said.
type Answer struct {
	Code           int
	Stdout, Stderr string
}

// Drover runs the drover command.
func (l *Lab) Drover(t *testing.T, args ...string) Answer {
	t.Helper()
	began := time.Now()
	a := Run(t, l.stack, nil, l.stack.Binary("drover"), args...)
	t.Logf("%5.1f s  drover %s", time.Since(began).Seconds(), strings.Join(args, " "))
	return a
}

// TestPackage lets a throw-away cluster of a package live on servers of its own, as its author does, with the checks in the
// folder test.
func (l *Lab) TestPackage(t *testing.T, folder, version string, args ...string) Answer {
	t.Helper()
	args = append([]string{"package", "test", Package(t, folder, version), "--images", filepath.Dir(image(t, folder, version)), "--checks", "test"}, args...)
	for _, name := range []string{"temporal", "consul"} {
		program, err := l.stack.Tool(t.Context(), name)
		require.NoError(t, err)
		args = append(args, "--"+name, program)
	}
	return l.Drover(t, args...)
}

// Run runs a program that finds the servers of a stack by its environment.
func Run(t *testing.T, s *stack.Stack, stdin io.Reader, program string, args ...string) Answer {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), s.Env()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return Answer{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// OK asserts that it succeeded.
func (a Answer) OK(t *testing.T) Answer {
	t.Helper()
	require.Zero(t, a.Code, "%s%s", a.Stdout, a.Stderr)
	return a
}

// Refused asserts that it failed and said certain words.
func (a Answer) Refused(t *testing.T, words ...string) Answer {
	t.Helper()
	require.NotZero(t, a.Code, a.Stdout)
	for _, w := range words {
		require.Contains(t, a.Stdout+a.Stderr, w)
	}
	return a
}

// JSON reads what it printed.
func (a Answer) JSON(t *testing.T, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.Stdout), into), a.Stdout)
}

// Items are the things that a command lists with -o json.
func Items[T any](t *testing.T, a Answer) []T {
	t.Helper()
	var list struct {
		Items []T `json:"items"`
	}
	a.JSON(t, &list)
	require.NotNil(t, list.Items, a.Stdout)
	return list.Items
}

// upgradePolicy is what Repack puts another version in.
var upgradePolicy = regexp.MustCompile(`("upgrade_policy": \[)[^\]]*`)

// Repack publishes a version of an application once more, as one that can be upgraded to from it and is changed in its
// cluster.json: old text, new text, ....
func (l *Lab) Repack(t *testing.T, folder, version, as string, changes ...string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), as)
	require.NoError(t, os.CopyFS(dir, os.DirFS(Package(t, folder, version))))
	file := filepath.Join(dir, specs.TemplateFile)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for i := 0; i < len(changes); i += 2 {
		require.Contains(t, string(text), changes[i])
	}
	changed := strings.NewReplacer(changes...).Replace(upgradePolicy.ReplaceAllString(string(text), `${1}"`+version+`"`))
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
	l.Drover(t, "apps", "publish", dir, "--app", folder, "--version", as).OK(t)
}

// Publish publishes a version of a package that Versions built, with the folder's name as the application's. A lab on
// containers gets its image.
func (l *Lab) Publish(t *testing.T, folder, version string) {
	t.Helper()
	if l.engine != nil {
		l.Image(t, folder+"-"+version+":latest", image(t, folder, version))
	}
	l.Drover(t, "apps", "publish", Package(t, folder, version), "--app", folder, "--version", version).OK(t)
}
