package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// sight is what drover status prints for programs.
type sight struct {
	Cluster   api.ClusterView `json:"cluster"`
	Operation struct {
		State    string       `json:"state"`
		Progress api.Progress `json:"progress"`
		Waiting  struct {
			Step   string         `json:"step"`
			Nodes  []api.BeatNode `json:"nodes"`
			Held   *api.Held      `json:"held"`
			Cancel string         `json:"cancel"`
		} `json:"waiting"`
	} `json:"operation"`
}

func look(t *testing.T, id string) (s sight) {
	t.Helper()
	drover(t, "status", id, "-o", "json").OK(t).JSON(t, &s)
	return s
}

func held(t *testing.T, id string) func() bool {
	return func() bool { return look(t, id).Operation.State == api.OpHeld }
}

// An init that fails on one node until an operator repairs it: the operation is held, over the death of its worker, and a
// retry finishes it. The other nodes ran init once. This test restarts the shared worker, so it does not run beside others.
func TestAHeldInitIsRetriedWhereItFailed(t *testing.T) {
	id := newID()
	app := publish(t, 3, map[string]string{"init": wait + "; [ ! -f /data/broken ]", "start": "true"})
	drover(t, "create", app, "--id", id, "--on-failure", "hold", "--no-wait").OK(t)
	eventually(t, "init runs on three nodes", running(t, id, 3))
	broken := filepath.Join(volumes(t, id)[1], "broken")
	writeFile(t, broken, "")
	letGo(t, id)
	eventually(t, "the operation is held", held(t, id))

	why := look(t, id).Operation.Waiting.Held
	require.NotNil(t, why)
	require.Equal(t, []any{"CC4", "init", 1, false}, []any{why.Step, why.Service, why.Failed, why.Unknown})
	require.Contains(t, drover(t, "status", id).OK(t).Stdout, "drover resolve "+id+" --retry")
	require.Equal(t, 3, drover(t, "resolve", id, "--retry", "--step", "CC3").Code, "another step")

	require.NoError(t, servers.KillWorker())
	require.NoError(t, servers.StartWorker(t.Context()))
	require.Equal(t, 3, drover(t, "stop", id).Code, "it is still held")

	drover(t, "resolve", id, "--retry").OK(t) // nothing was repaired
	eventually(t, "it failed again", func() bool {
		again := look(t, id).Operation.Waiting.Held
		return again != nil && again.Since.After(why.Since)
	})
	removeFile(t, broken)
	drover(t, "resolve", id, "--retry", "--step", "CC4").OK(t)
	drover(t, "watch", id).OK(t)
	require.ElementsMatch(t, []string{"init start", "init init init start", "init start"}, traces(t, id))
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}

// What an operator takes on himself is recorded; what he may not skip is refused; a cancel ends what is held.
func TestAHeldStepIsSkippedRefusedAndCancelled(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 1, map[string]string{"start": "[ -f /data/up ]", "destroy": "[ -f /data/bye ]"})
	drover(t, "create", app, "--id", id, "--on-failure", "hold", "--no-wait").OK(t)
	eventually(t, "the creation is held", held(t, id))
	drover(t, "resolve", id, "--skip", "--reason", "started it by hand", "--yes").OK(t)
	drover(t, "watch", id).OK(t)
	require.Contains(t, strings.Join(look(t, id).Cluster.Operation.Skipped, "\n"), "started it by hand")

	drover(t, "delete", id, "--yes", "--on-failure", "hold", "--no-wait").OK(t)
	eventually(t, "the deletion is held", held(t, id))
	refused := drover(t, "resolve", id, "--skip", "--reason", "never mind", "--yes")
	require.Equal(t, 3, refused.Code)
	require.Contains(t, refused.Stderr, "destroy is the guard of the package's data")
	drover(t, "cancel", id).OK(t)
	require.Equal(t, "active", look(t, id).Cluster.State)

	writeFile(t, filepath.Join(volumes(t, id)[0], "bye"), "")
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}

// A cancel ends the running command with its whole process group, also what does not listen to TERM, and nothing else:
// the cluster of a cancelled run stays active.
func TestCancelReachesTheWholeProcessGroup(t *testing.T) {
	t.Parallel()
	id := newID()
	stubborn := "stubborn-" + id
	app := publish(t, 1, map[string]string{"start": "true", "tidy": "touch /data/running; trap '' TERM; " +
		"sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' " + stubborn + " & wait; sleep 1000"})
	drover(t, "create", app, "--id", id).OK(t)
	drover(t, "run", id, "tidy", "--no-wait").OK(t)
	eventually(t, "the service runs", running(t, id, 1))
	eventually(t, "status names the command", func() bool {
		w := look(t, id).Operation.Waiting
		return len(w.Nodes) == 1 && strings.HasPrefix(w.Nodes[0].Command, id+".2-") && strings.Contains(w.Nodes[0].Command, ".RV1.tidy.cln-")
	})
	require.True(t, processes(t, stubborn))

	cancelled := drover(t, "cancel", id).OK(t)
	require.Contains(t, cancelled.Stderr, "is being cancelled. It is at step RV1 tidy, order 0; a cancel stops the running commands")
	require.Contains(t, cancelled.Stdout, "RunService "+id+" was cancelled.")
	require.False(t, processes(t, stubborn))
	require.Equal(t, "active", look(t, id).Cluster.State)
	drover(t, "delete", id, "--yes").OK(t)
}

// processes says whether any process has the word among its arguments.
func processes(t *testing.T, word string) bool {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, proc := range procs {
		cmdline, _ := os.ReadFile(proc) // it may have ended
		for arg := range strings.SplitSeq(string(cmdline), "\x00") {
			if arg == word {
				return true
			}
		}
	}
	return false
}
