package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// held starts an operation whose step fails and waits until it is held.
func held(t *testing.T, id string) {
	t.Helper()
	c := drover(t, "create", "etcd", "--name", "hold", "--id", id, "--on-failure", "hold", "--no-wait")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Eventually(t, func() bool {
		v := decoded[statusValue](t, drover(t, "status", id, "-o", "json").stdout.String())
		return v.Operation != nil && v.Operation.State == client.StateHeld
	}, time.Minute, 50*time.Millisecond)
}

func TestAHeldStepIsShownAndResolved(t *testing.T) {
	t.Parallel()
	const id = "cl-hold0001"
	held(t, id)
	status := drover(t, "status", id)
	require.Equal(t, exitOK, status.code, status.stderr.String())
	for _, want := range []string{
		"CreateCluster " + id + " (etcd)  held", "CC4 start, order 0 waits for a decision", "| last line",
		"etcd_node/2 cln-00000002: failed", "drover resolve " + id + " --retry", "to run start again on etcd_node/2",
		"skip is not possible: it protects data",
	} {
		require.Contains(t, status.stdout.String(), want)
	}

	busy := drover(t, "delete", id, "--yes")
	require.Equal(t, exitRefused, busy.code)
	require.Contains(t, busy.stderr.String(), ", held at step CC4 start, order 0 since ")

	other := drover(t, "resolve", id, "--retry", "--step", "CC1", "-o", "json")
	require.Equal(t, exitRefused, other.code)
	p := decoded[output.Problem](t, other.stderr.String())
	require.Equal(t, "CC4 start, order 0 is held, not CC1", p.Error.Message)
	require.Equal(t, "nothing was changed", p.Error.Hint)

	// A watching client sees it too, and continues to follow.
	watcher := prepare(server(t), "watch", id)
	seen := make(chan struct{})
	watcher.stdout.seen = func(all string) {
		if strings.Contains(all, "drover resolve "+id+" --retry") && seen != nil {
			close(seen)
			seen = nil
		}
	}
	watched, shown := make(chan *call, 1), seen
	go func() { watched <- watcher.run(t.Context()) }()
	<-shown

	c := drover(t, "resolve", id, "--retry", "--step", "CC4")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Equal(t, "CreateCluster "+id+", step CC4 start, order 0: retry\nnext: run start again on etcd_node/2\n"+
		"Follow it with: drover watch "+id+"\n", c.stdout.String())
	end := <-watched
	require.Equal(t, exitOK, end.code, end.stderr.String())

	late := drover(t, "resolve", id, "--retry")
	require.Equal(t, exitRefused, late.code)
	require.Contains(t, late.stderr.String(), "the last operation, CreateCluster, succeeded")
}

func TestASkipIsToldByOps(t *testing.T) {
	t.Parallel()
	for id, tt := range map[string]struct {
		reason, state, result string
		code                  int
	}{
		"cl-hold0002": {"did it by hand", client.StateSucceeded, "", exitOK},
		"cl-hold0003": {thenFails, client.StateFailed, "start of etcd_node failed; ", exitFailed},
	} {
		t.Run(tt.state, func(t *testing.T) {
			t.Parallel()
			held(t, id)
			c := drover(t, "resolve", id, "--skip", "--reason", tt.reason, "--yes", "-o", "json")
			require.Equal(t, exitOK, c.code, c.stderr.String())
			v := decoded[resolveValue](t, c.stdout.String())
			require.Equal(t, []string{id, api.CreateCluster, "CC4", api.ResolveSkip}, []string{v.ClusterID, v.Operation, v.Step, v.Action})
			require.Equal(t, tt.code, drover(t, "watch", id).code)
			require.Eventually(t, func() bool { // visibility follows a little later
				out := drover(t, "ops", id).stdout.String()
				return strings.Contains(out, tt.state) && strings.Contains(out, tt.result+"CC4 start, order 0 skipped by ") &&
					strings.Contains(out, ": "+tt.reason)
			}, 30*time.Second, 100*time.Millisecond)
		})
	}
}

func TestResolveRefusesWhatItCanBeforeAsking(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"nothing chosen":    {[]string{known}, "at least one of the flags in the group [retry skip abort kill] is required"},
		"two chosen":        {[]string{known, "--retry", "--abort"}, "were all set"},
		"without a reason":  {[]string{known, "--skip"}, "reason: required to skip a step"},
		"no cluster id":     {[]string{"cl-nope", "--retry"}, "is not a cluster id"},
		"no cluster":        {[]string{"--retry"}, "drover resolve needs CLUSTER"},
		"a reason too long": {[]string{known, "--skip", "--reason", strings.Repeat("x", 1001)}, "at most 1000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counter{}
			got := ask(t, c, "", append([]string{"resolve"}, tt.args...)...)
			require.Equal(t, exitUsage, got.code)
			require.Contains(t, got.stderr.String(), tt.want)
			require.Empty(t, c.reads)
		})
	}
}
