package cli

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drover/fault"
	"drover/workflows/api"
)

// changing is a counter whose list is another one at every reading; one reading in between gets no answer.
type changing struct {
	*counter
	n atomic.Int32
}

func (c *changing) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	switch c.n.Add(1) {
	case 2:
		return answered{}, nil
	case 5:
		return answered{answer: fault.New(fault.Invalid, "that is enough")}, nil
	}
	state := map[bool]string{true: "creating", false: "active"}[c.n.Load() == 1]
	return answered{answer: api.ClusterList{Clusters: []api.ClusterView{{ClusterID: known, App: "etcd", State: state}}}}, nil
}

func TestListIsWatched(t *testing.T) {
	t.Parallel()
	watch := func(width int, args ...string) *call {
		c := &changing{counter: &counter{}}
		cmd := &call{}
		cmd.System = System{
			Args: append([]string{"list", "--watch", "--interval", "1s"}, args...), Stdout: &cmd.stdout, Stderr: &cmd.stderr,
			Environ:  []string{"TEMPORAL_CONFIG_FILE=/dev/null"},
			Terminal: func(any) (int, int, bool) { return width, 24, width > 0 },
			Dial:     func(context.Context, client.Options, time.Duration) (client.Client, error) { return c, nil },
		}
		return cmd.run(t.Context())
	}
	for name, tc := range map[string]struct {
		width int
		args  []string
		check func(stdout, stderr string)
	}{
		"pipe": {0, nil, func(stdout, stderr string) {
			require.Equal(t, 2, strings.Count(stdout, known), "what has not changed is not repeated: %s", stdout)
			require.Contains(t, stdout, "creating")
			require.Contains(t, stderr, "no worker answered")
		}},
		"json": {0, []string{"-o", "json"}, func(stdout, _ string) {
			lines := strings.Split(strings.TrimSpace(stdout), "\n")
			require.Equal(t, "creating", decoded[clusterList](t, lines[0]).Items[0].State)
			require.Equal(t, "active", decoded[clusterList](t, lines[1]).Items[0].State)
		}},
		"terminal": {80, nil, func(stdout, _ string) {
			require.Equal(t, 4, strings.Count(stdout, known))
			require.Contains(t, stdout, "UTC, every 1s: no worker answered")
			require.Contains(t, stdout, "\x1b[4A\r\x1b[J", "in place")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := watch(tc.width, tc.args...)
			require.Equal(t, exitUsage, c.code, "the error that no waiting mends: %s", c.stderr.String())
			tc.check(c.stdout.String(), c.stderr.String())
		})
	}
}
