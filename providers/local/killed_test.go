package local

import (
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
)

var nullSignal = syscall.Signal(0)

// TestWorkerKilled kills a worker with signal 9 between any two effects of a creation; another one finishes the node, or
// deletes it. Nodes that were booted survive the worker's death.
func TestWorkerKilled(t *testing.T) {
	if text := os.Getenv("DROVER_TEST_VICTIM"); text != "" {
		victim(t, text)
		return
	}
	t.Parallel()
	opts := options(t, "127.78.20.0/24")
	o := newOwner(t, open(t, opts))
	for k := 0; ; k++ {
		require.Less(t, k, 50, "a creation has no end")
		s := o.spec()
		finished := kill(t, opts, s, k)
		process, err := o.p.alive(s.ID)
		require.NoError(t, err)
		i, err := o.p.CreateInstance(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, s.ID, o.run(i, "hostname"))
		if process != nil {
			again, err := o.p.alive(s.ID)
			require.NoError(t, err)
			require.Equal(t, process, again, "a node that had booted was adopted, not booted again")
		}
		if finished {
			require.NotNil(t, process, "the node did not survive its worker")
		}
		require.NoError(t, o.p.DeleteInstance(t.Context(), s.ID))
		if finished {
			break
		}
		s = o.spec()
		kill(t, opts, s, k)
		require.NoError(t, o.p.DeleteInstance(t.Context(), s.ID))
		left, err := o.p.Leftovers(t.Context())
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

type victimOrder struct {
	Options Options
	Spec    providers.InstanceSpec
	Steps   int
}

// kill lets another process create an instance and die after that many steps; true when it came to the end.
func kill(t *testing.T, opts Options, s providers.InstanceSpec, steps int) bool {
	raw, err := json.Marshal(victimOrder{opts, s, steps})
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], "-test.run", "^TestWorkerKilled$")
	cmd.Env = append(os.Environ(), "DROVER_TEST_VICTIM="+string(raw))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return true
	}
	require.Equalf(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), "%s", out)
	return false
}

func victim(t *testing.T, text string) {
	var order victimOrder
	require.NoError(t, json.Unmarshal([]byte(text), &order))
	p, err := New(order.Options)
	require.NoError(t, err)
	p.step = func(string) error {
		if order.Steps == 0 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		order.Steps--
		return nil
	}
	_, err = p.CreateInstance(t.Context(), order.Spec)
	require.NoError(t, err)
}

// TestPidReuse: a record that names another process than it did is a node that is off.
func TestPidReuse(t *testing.T) {
	t.Parallel()
	o := newOwner(t, open(t, options(t, "127.78.21.0/24")))
	i := o.create()
	process, err := o.p.alive(i.ID)
	require.NoError(t, err)
	require.NotNil(t, process)
	bystander := exec.Command("sleep", "1000")
	require.NoError(t, bystander.Start())
	defer func() { _ = bystander.Process.Kill(); _ = bystander.Wait() }()
	file := o.p.nodeDir(i.ID, "pid.json")
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	wrong := *process
	wrong.Pid = bystander.Process.Pid
	require.NoError(t, writeJSON(file, wrong))
	require.NoError(t, o.p.powerOff(t.Context(), i.ID))
	require.NoError(t, bystander.Process.Signal(nullSignal), "a process that is not a node was killed")
	require.NoError(t, os.WriteFile(file, kept, 0o600))
	require.NoError(t, o.p.StopInstance(t.Context(), i.ID))
	process, err = o.p.alive(i.ID)
	require.NoError(t, err)
	require.Nil(t, process)
}
