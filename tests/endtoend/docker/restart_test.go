package docker

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/remote"
	"drover/tests/apps"
	"drover/workflows/api"
)

// wait is a command that says it runs and continues when the test lets it, once.
const wait = "touch /data/running; while [ ! -f /data/go ]; do sleep 0.05; done; rm /data/go /data/running"

// TestEngineRestartsInOperations: an engine that is away when an operation begins, that dies while commands run, and that
// takes all nodes down with it, one after the other in the life of a cluster. Every command runs once; only one that was
// cut off together with its node has no known outcome, and waits for an operator. Not parallel: it is the engine of all.
func TestEngineRestartsInOperations(t *testing.T) {
	l := apps.StartOnDocker(t)
	ctx := t.Context()
	l.Image(t, "bare:1")
	app := publish(t, l, 2, map[string]string{"init": "true", "start": "true", "stop": wait, "tidy": wait, "destroy": "true"})
	c := l.Choose(t, "/data/trace")

	// Away at the beginning: machines are made when it is back.
	l.Engine().Kill()
	l.Drover(t, "create", app, "--id", c.ID, "--no-wait").OK(t)
	tried(t, l, c, "making machines")
	require.NoError(t, l.Engine().Restart(ctx))
	l.Drover(t, "watch", c.ID).OK(t)
	ran(t, c, "init start")

	// It stops in order, and stops the nodes: what became of the command is unknown.
	l.Drover(t, "run", c.ID, "tidy", "--no-wait").OK(t)
	shells := running(t, c)
	require.NoError(t, l.Engine().Restart(ctx))
	apps.Eventually(t, "the operation is held", func() bool { return state(t, l, c) == api.OpHeld })
	ran(t, c, "init start tidy")
	l.Drover(t, "resolve", c.ID, "--retry").OK(t)
	letGo(t, shells)
	l.Drover(t, "watch", c.ID).OK(t)
	ran(t, c, "init start tidy tidy")

	// It dies while a command runs, and the nodes live on: the command ends, and what needs the engine waits for it.
	l.Drover(t, "stop", c.ID, "--no-wait").OK(t)
	shells = running(t, c)
	l.Engine().Kill()
	letGo(t, shells)
	tried(t, l, c, "powering off")
	require.NoError(t, l.Engine().Restart(ctx))
	l.Drover(t, "watch", c.ID).OK(t)
	require.Equal(t, "stopped", look(t, l, c).Cluster.State)

	c.Do("start")
	ran(t, c, "init start tidy tidy stop start")

	// Away when everything is to be released.
	l.Drover(t, "delete", c.ID, "--yes", "--no-wait").OK(t)
	shells = running(t, c)
	l.Engine().Kill()
	letGo(t, shells)
	tried(t, l, c, "releasing")
	require.NoError(t, l.Engine().Restart(ctx))
	l.Drover(t, "watch", c.ID).OK(t)
	c.Gone()
}

// tried waits until something that needs the engine has failed and will be retried.
func tried(t *testing.T, l *apps.Lab, c *apps.Cluster, what string) {
	t.Helper()
	apps.Eventually(t, what+" is retried", func() bool {
		return strings.Contains(l.Drover(t, "status", c.ID).Stdout, "previous failure:")
	})
}

// publish makes an application of one role known; its commands write down that they ran, and images are for containers.
func publish(t *testing.T, l *apps.Lab, count int, services map[string]string) string {
	t.Helper()
	app := "traced-" + activities.RandomID()
	dir := apps.Scripted{Type: "docker", Image: "bare:1", Volume: "/data", Count: count, Services: apps.Tracing("/data/trace", services)}.Write(t)
	l.Drover(t, "apps", "publish", dir, "--app", app, "--version", "1").OK(t)
	return app
}

type shell = func(string) (remote.Result, error)

func shellsOf(c *apps.Cluster) []shell {
	var all []shell
	for _, n := range c.Nodes() {
		all = append(all, c.Shell(n))
	}
	return all
}

// running waits until a command that waits runs on all nodes.
func running(t *testing.T, c *apps.Cluster) []shell {
	t.Helper()
	all := shellsOf(c)
	for _, on := range all {
		apps.Eventually(t, "the command runs", func() bool {
			r, err := on("test -f /data/running")
			return err == nil && r.ExitCode == 0
		})
	}
	return all
}

func letGo(t *testing.T, shells []shell) {
	t.Helper()
	for _, on := range shells {
		r, err := on("touch /data/go")
		require.NoError(t, err)
		require.Zero(t, r.ExitCode, "%s", r.Stderr)
	}
}

// ran asserts what ran on every node, in its order.
func ran(t *testing.T, c *apps.Cluster, commands string) {
	t.Helper()
	for _, on := range shellsOf(c) {
		apps.Eventually(t, "the node answers", func() bool {
			r, err := on("echo $(cat /data/trace)")
			if err == nil {
				require.Equal(t, commands, strings.TrimSpace(string(r.Stdout)))
			}
			return err == nil
		})
	}
}

// sight is what drover status prints for programs.
type sight struct {
	Cluster   api.ClusterView `json:"cluster"`
	Operation struct {
		State string `json:"state"`
	} `json:"operation"`
}

func look(t *testing.T, l *apps.Lab, c *apps.Cluster) (s sight) {
	t.Helper()
	l.Drover(t, "status", c.ID, "-o", "json").OK(t).JSON(t, &s)
	return s
}

func state(t *testing.T, l *apps.Lab, c *apps.Cluster) string {
	t.Helper()
	return look(t, l, c).Operation.State
}
