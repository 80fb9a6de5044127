package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree is a source tree with the true tools/ensure, this program, and a Temporal that is two lines of Go.
func tree(t *testing.T, url, sum string) string {
	root := t.TempDir()
	put := func(name, content string) {
		file := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o755))
	}
	for _, name := range []string{"../ensure", "main.go", "download.go", "unpack.go"} {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		put(filepath.Join("tools/fetch", name), string(content))
	}
	put("go.mod", "module drover\n\ngo 1.26\n")
	put("tools/releases", fmt.Sprintf("temporal 1.5.1 linux/%s %s %s\n", runtime.GOARCH, sum, url))
	put("tools/temporal/go.mod", "module tools\n\ngo 1.26\n\nrequire github.com/temporalio/cli v1.5.1\n\nreplace github.com/temporalio/cli => ./stubs\n")
	put("tools/temporal/go.sum", "")
	put("tools/temporal/stubs/go.mod", "module github.com/temporalio/cli\n\ngo 1.26\n")
	put("tools/temporal/stubs/cmd/temporal/main.go", "package main\n\nfunc main() { println(\"built version 1.5.1\") }\n")
	return root
}

// ensure runs tools/ensure there, with a PATH that has go and no temporal.
func ensure(t *testing.T, root string, environment ...string) (path, said string) {
	goCommand, err := exec.LookPath("go")
	require.NoError(t, err)
	command := exec.Command(filepath.Join(root, "tools/ensure"), "temporal")
	command.Env = append(os.Environ(), "PATH="+filepath.Dir(goCommand)+":/usr/bin:/bin", "DROVER_BUILD_TOOLS=")
	command.Env = append(command.Env, environment...)
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	require.NoError(t, command.Run(), log.String())
	return strings.TrimSpace(out.String()), log.String()
}

func TestEnsure(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds small programs")
	}
	if runtime.GOOS != "linux" {
		t.Skip("releases are pinned for Linux")
	}
	t.Parallel()
	released := strings.Replace(program, "1.2.3", "1.5.1", 1)
	archive, old := tarWith(t, "temporal", released), tarWith(t, "temporal", program)
	server := http.NewServeMux()
	server.HandleFunc("/temporal.tar.gz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) })
	server.HandleFunc("/old.tar.gz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(old) })
	plain := httptest.NewServer(server)
	t.Cleanup(plain.Close)

	t.Run("good, and taken once", func(t *testing.T) {
		t.Parallel()
		root := tree(t, plain.URL+"/temporal.tar.gz", sumOf(archive))
		path, said := ensure(t, root)
		require.Contains(t, path, "/1.5.1-release-"+sumOf(archive)[:16]+"/temporal")
		require.Contains(t, said, "fetching temporal 1.5.1")
		again, said := ensure(t, root)
		require.Equal(t, path, again)
		require.Empty(t, said)
		built, said := ensure(t, root, "DROVER_BUILD_TOOLS=1")
		require.NotContains(t, built, "-release-")
		require.Contains(t, said, "built temporal 1.5.1")
		require.NotContains(t, said, "fetching")
	})
	for name, c := range map[string]struct{ url, sum, why string }{
		"wrong sum":     {plain.URL + "/temporal.tar.gz", sumOf(old), "SHA-256 is"},
		"no name":       {"http://name.invalid/temporal.tar.gz", sumOf(archive), "name.invalid"},
		"other version": {plain.URL + "/old.tar.gz", sumOf(old), "does not report version 1.5.1"},
	} {
		t.Run(name+": it is built", func(t *testing.T) {
			t.Parallel()
			root := tree(t, c.url, c.sum)
			path, said := ensure(t, root)
			out, err := exec.Command(path).CombinedOutput()
			require.NoError(t, err)
			require.Equal(t, "built version 1.5.1\n", string(out))
			require.Regexp(t, "the release of temporal 1.5.1 is not used: .*"+c.why+".*\nbuilding temporal 1.5.1 from source", said)
			left, err := filepath.Glob(filepath.Join(root, ".build/tools/temporal/.tmp*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// Rows of tools/releases that are not for the pinned version would be ignored silently.
func TestReleasesAreThoseOfThePins(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile("../releases")
	require.NoError(t, err)
	row := regexp.MustCompile(`^(\S+) (\S+) linux/(amd64|arm64) [0-9a-f]{64} https://\S+$`)
	modules := map[string]string{"consul": "github.com/hashicorp/consul", "temporal": "github.com/temporalio/cli"}
	count := 0
	for line := range strings.Lines(string(rows)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		count++
		field := row.FindStringSubmatch(strings.TrimSpace(line))
		require.NotNil(t, field, line)
		pinned, err := os.ReadFile(filepath.Join("..", field[1], "go.mod"))
		require.NoError(t, err)
		require.Contains(t, string(pinned), "\t"+modules[field[1]]+" v"+field[2]+" ", line)
		require.Contains(t, line, field[2]+"_linux_"+field[3])
	}
	require.Equal(t, 4, count)
}
