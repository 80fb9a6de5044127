package compose

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"

	"drover/tests/stack/engine"
	"drover/tests/stack/tree"
)

// heading of the README under which the lines are.
const heading = "## Quick start with Docker"

// build lets the test run: it takes minutes, since Drover is compiled in a container.
var build = flag.Bool("build", false, "build the images and walk through the quick start, as make docker-test does")

func TestQuickStart(t *testing.T) {
	q := prepare(t)
	lines := readLines(t, filepath.Join(q.root, "README.md"))
	require.NotEmpty(t, lines)
	read := false
	for _, line := range lines {
		out := q.run(t, line)
		switch {
		case strings.Contains(line, "drover create"):
			require.Len(t, q.nodes(t), 3)
		case strings.Contains(line, "drover add-nodes"):
			require.Len(t, q.nodes(t), 5)
		case strings.Contains(line, "drover upgrade"):
			for _, n := range q.nodes(t) {
				require.Equal(t, "etcd-3.6", n.Image)
			}
		case strings.Contains(line, "drover delete"):
			require.Empty(t, q.nodes(t))
		case strings.Contains(line, "get greeting"):
			require.Contains(t, out, "hello from a container")
			read = true
		}
	}
	require.True(t, read, "the lines do not read what they wrote")

	// Nothing is left: compose took what is its own, and Drover left nothing beside it.
	ctx := t.Context()
	containers, err := q.engine.ContainerList(ctx, client.ContainerListOptions{All: true})
	require.NoError(t, err)
	require.Empty(t, containers.Items)
	volumes, err := q.engine.VolumeList(ctx, client.VolumeListOptions{})
	require.NoError(t, err)
	require.Empty(t, volumes.Items)
	networks, err := q.engine.NetworkList(ctx, client.NetworkListOptions{})
	require.NoError(t, err)
	for _, n := range networks.Items {
		require.Contains(t, []string{"host", "none", "bridge"}, n.Name)
	}
}

// quickstart is a machine as the README's reader has it.
type quickstart struct {
	root   string
	engine *client.Client
	env    []string
}

// prepare starts an engine, makes the images that others pull, and gives docker the command compose.
func prepare(t *testing.T) *quickstart {
	t.Helper()
	if !*build {
		t.Skip("SKIP: builds Drover in a container: make docker-test")
	}
	if why := engine.Missing(); why != "" {
		t.Skip("SKIP: " + why)
	}
	for program, from := range map[string]string{"docker": "docker.io", "debootstrap": "debootstrap"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIP: there is no %s (Debian: apt-get install %s)", program, from)
		}
	}
	root, err := tree.Root()
	require.NoError(t, err)
	home, err := os.MkdirTemp("", "dr-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	dir := filepath.Join(home, "e")
	require.NoError(t, os.Mkdir(dir, 0o755))
	e, err := engine.Start(t.Context(), dir)
	if err != nil {
		t.Skipf("SKIP: no Docker engine runs here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	q := &quickstart{root: root}
	q.engine, err = e.Client()
	require.NoError(t, err)
	t.Cleanup(func() { _ = q.engine.Close() })
	if why := q.unable(t); why != nil {
		t.Skipf("SKIP: no containers run here: %v", why)
	}

	compose := exec.Command(filepath.Join(root, "tools", "ensure"), "compose")
	compose.Stderr = os.Stderr
	path, err := compose.Output()
	require.NoError(t, err)
	plugins := filepath.Join(home, "docker", "cli-plugins")
	require.NoError(t, os.MkdirAll(plugins, 0o755))
	require.NoError(t, os.Symlink(strings.TrimSpace(string(path)), filepath.Join(plugins, "docker-compose")))

	// Addresses and ports of its own: other servers, and another engine, may run on the machine.
	free, err := netip.ParsePrefix(engine.FreeRange())
	require.NoError(t, err)
	at := free.Addr().As4()
	q.env = append(os.Environ(),
		"DOCKER_HOST="+e.Host, "DOCKER_SOCKET="+strings.TrimPrefix(e.Host, "unix://"), "DOCKER_CONFIG="+filepath.Dir(plugins),
		"COMPOSE_FILE=docker-compose.yml:tools/images/compose.yml",
		"DROVER_SUBNET="+free.Addr().String()+"/22", fmt.Sprintf("DROVER_SUBNET_COMPOSE=%d.%d.%d.192/26", at[0], at[1], at[2]+3),
		"TEMPORAL_PORT="+freePort(t), "TEMPORAL_UI_PORT="+freePort(t), "CONSUL_PORT="+freePort(t), "CONSOLE_PORT="+freePort(t),
	)
	q.run(t, "go run ./tools/images")
	return q
}

// unable is why no container can run.
func (q *quickstart) unable(t *testing.T) error {
	t.Helper()
	require.NoError(t, engine.Make(t.Context(), q.engine, engine.Image{Name: "check:1"}))
	return engine.Check(t.Context(), q.engine, "check:1")
}

// run is a line in a shell, as a reader would type it.
func (q *quickstart) run(t *testing.T, line string) string {
	t.Helper()
	began := time.Now()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", line)
	cmd.Dir, cmd.Env = q.root, q.env
	out, err := cmd.CombinedOutput()
	t.Logf("%5.1f s  %s", time.Since(began).Seconds(), line)
	if err != nil {
		q.explain(t)
		require.NoError(t, err, "%s\n%s", line, out)
	}
	return string(out)
}

// explain shows what the servers said, for a line that failed.
func (q *quickstart) explain(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", "docker compose ps --all; docker compose logs --tail 40")
	cmd.Dir, cmd.Env = q.root, q.env
	out, err := cmd.CombinedOutput()
	t.Logf("%s%v", out, err)
}

// nodes are the containers of clusters, all of which must run.
func (q *quickstart) nodes(t *testing.T) []container.Summary {
	t.Helper()
	list, err := q.engine.ContainerList(t.Context(), client.ContainerListOptions{
		All: true, Filters: client.Filters{}.Add("label", "drover.cluster"),
	})
	require.NoError(t, err)
	for _, n := range list.Items {
		require.Equal(t, container.StateRunning, n.State, n.Names)
	}
	return list.Items
}

// readLines are the commands below the heading: what is indented, with lines that end in a backslash joined.
func readLines(t *testing.T, readme string) []string {
	t.Helper()
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "\n"+heading+"\n")
	require.True(t, found, "%s has no %q", readme, heading)
	section, _, _ := strings.Cut(rest, "\n## ")
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(section, "\\\n", ""), "\n") {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			lines = append(lines, command)
		}
	}
	return lines
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
