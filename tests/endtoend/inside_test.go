package endtoend

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/tests/apps"
	"drover/workflows/api"
)

// meanwhile runs the CLI beside the test.
func meanwhile(t *testing.T, args ...string) <-chan apps.Answer {
	t.Helper()
	said := make(chan apps.Answer, 1)
	go func() { said <- drover(t, args...) }()
	return said
}

// An operator looks into the nodes of a cluster whose service hangs on one of them: reads what the commands printed, runs commands
// beside the operation, over the death of the worker too, and ends the command that hangs. This test restarts the shared worker, so
// it does not run beside others.
func TestAnOperatorLooksInsideNodes(t *testing.T) {
	id := newID()
	app := publish(t, 2, map[string]string{
		"start": "echo started",
		"tidy":  "echo begin; if [ -f /data/locked ]; then echo waits for a lock; touch /data/running; exec sleep 1000; fi; echo done",
	})
	drover(t, "create", app, "--id", id).OK(t)
	one, two := volumeOf(t, id, 1), volumeOf(t, id, 2)
	writeFile(t, filepath.Join(two, "locked"), "")
	drover(t, "run", id, "tidy", "--no-wait").OK(t)
	eventually(t, "the service hangs on a/2", running(t, id, 1))

	logs := func(args ...string) string {
		t.Helper()
		return drover(t, append([]string{"logs", id}, args...)...).OK(t).Stdout
	}
	const (
		ended = `== RV1 tidy, a/1 cln-\w+, exit code 0 after \S+\nbegin\ndone\n`
		hangs = `== RV1 tidy, a/2 cln-\w+, running since \S+\nbegin\nwaits for a lock\n`
	)
	eventually(t, "the service has ended on a/1", func() bool { return regexp.MustCompile(ended).MatchString(logs()) })
	require.Regexp(t, hangs, logs())
	require.Regexp(t, `^`+hangs+`$`, logs("a/2"))
	require.Regexp(t, `^== CC4 start, a/1 .*\nstarted\n$`, logs("a/1", "--operation", "1", "--step", "CC4"))
	require.Contains(t, logs("--operation", "2", "--step", "CC4"), "Operation 2 ran no such command")
	followed := meanwhile(t, "logs", id, "a/2", "--follow")

	shown := drover(t, "exec", id, "a/2", "--as", "ann", "--", "sh", "-c", `echo "inside $1"; echo why >&2; exit 3`, "sh", "$(reboot) two words")
	require.Equal(t, apps.Answer{Code: 1, Stdout: "inside $(reboot) two words\nwhy\n", Stderr: "a/2: exit code 3\n"}, shown)

	once := meanwhile(t, "exec", id, "a/1", "--as", "bob", "-o", "json", "--",
		"sh", "-c", "echo once >> /data/execs; while [ ! -f /data/go ]; do sleep 0.05; done; echo out")
	execs := filepath.Join(one, "execs")
	eventually(t, "the command runs", func() bool { return exists(execs) })
	require.NoError(t, servers.KillWorker())
	letGo(t, id)
	require.NoError(t, servers.StartWorker(t.Context()))
	var done api.Executed
	(<-once).OK(t).JSON(t, &done)
	require.Equal(t, []any{"out\n", 0, "a/1"}, []any{done.Output, done.ExitCode, done.Node})
	ran, err := os.ReadFile(execs)
	require.NoError(t, err)
	require.Equal(t, "once\n", string(ran))

	killed := drover(t, "resolve", id, "--kill", "--node", "a/2", "--reason", "it waits for a lock", "--yes", "--as", "ann").OK(t)
	require.Contains(t, killed.Stdout, "was ended on a/2")
	eventually(t, "the step is held", held(t, id))
	require.Regexp(t, `tidy on a/2 was cancelled on the node; killed by ann at \S+: it waits for a lock`, look(t, id).Operation.Waiting.Held.Error)
	drover(t, "exec", id, "a/2", "--", "rm", "/data/locked").OK(t) // while it is held
	drover(t, "resolve", id, "--retry").OK(t)
	drover(t, "watch", id).OK(t)
	end := (<-followed).OK(t)
	require.Regexp(t, `(?s)^== RV1 tidy, a/2 cln-\w+\nbegin\nwaits for a lock\n-- a/2: cancelled after .*\(run again, 1\).*\nbegin\ndone\n-- a/2: exit code 0 after \S+\n$`, end.Stdout)
	require.ElementsMatch(t, []string{"start tidy", "start tidy tidy"}, traces(t, id))

	var list []client.Operation
	eventually(t, "the list of operations has everything", func() bool {
		list = apps.Items[client.Operation](t, drover(t, "ops", id, "-o", "json").OK(t))
		return len(list) == 5
	})
	require.Equal(t, []string{api.ExecCommand, api.ExecCommand, api.ExecCommand, api.RunService, api.CreateCluster},
		[]string{list[0].Type, list[1].Type, list[2].Type, list[3].Type, list[4].Type})
	require.Equal(t, []string{"bob", "ann"}, []string{list[1].By, list[2].By})
	require.Contains(t, list[2].What, ": sh -c 'echo")
	require.Equal(t, 3, list[2].Error.ExitCode)

	if _, err := exec.LookPath("ssh"); err == nil {
		in := drover(t, "ssh", id, "a/2", "--", "-o", "BatchMode=yes", "cat /data/trace; exit 5")
		require.Equal(t, apps.Answer{Code: 5, Stdout: "start\ntidy\ntidy\n"}, in)
		var line struct{ Command []string }
		drover(t, "ssh", id, "a/1", "--print", "-o", "json", "--", "true").OK(t).JSON(t, &line)
		at := len(line.Command) - 2
		require.Zero(t, apps.Run(t, servers, nil, line.Command[0], line.Command[1:]...).Code)
		nodes := look(t, id).Cluster.Nodes
		line.Command[at] = strings.Replace(nodes[0].IP+nodes[1].IP, line.Command[at], "", 1) // the other node has another host key
		require.Contains(t, apps.Run(t, servers, nil, line.Command[0], line.Command[1:]...).Refused(t).Stderr, "Host key verification failed")
	}

	drover(t, "stop", id).OK(t)
	require.Contains(t, drover(t, "exec", id, "a/1", "--", "true").Refused(t, "is off").Stderr, "was refused")
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}
