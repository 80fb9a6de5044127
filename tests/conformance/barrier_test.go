package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// The barrier waits for reload commands that are due: none is running when a command begins, however long it takes.
//
// step: CC3
func TestB2_ReloadsEndBeforeCommandsBegin(t *testing.T) {
	t.Parallel()
	a := newApp(role("a", 2, "init", "start"))
	a.publish(t, "1")
	c := newCluster(t)
	c.rec.hook(tracer.Reload, func(ctx context.Context, b *begun, _ *tracer.Answer) {
		if b.label() == "a/2" {
			pause(ctx, time.Second)
		}
	})
	c.run(api.CreateCluster, api.CreateClusterInput{App: a.id}, "init: a/1 a/2 | hosts a/1 a/2", "start: a/1 a/2")
	require.Equal(t, "a/1 a/2", c.rec.reloadedBefore("init"))
}

// A failing reload command is a warning that names the node, and a failure when asked for.
func TestB3_FailingReload(t *testing.T) {
	t.Parallel()
	a := newApp(role("a", 2, "start"))
	a.publish(t, "1")
	failing := func(_ context.Context, b *begun, answer *tracer.Answer) {
		if b.label() == "a/2" {
			answer.Exit = 3
		}
	}
	c := newCluster(t)
	c.rec.hook(tracer.Reload, failing)
	result := c.run(api.CreateCluster, api.CreateClusterInput{App: a.id}, "start: a/1 a/2 | hosts a/1 a/2")
	require.NotEmpty(t, result.Warnings)
	for _, w := range result.Warnings {
		require.Equal(t, []string{"CC3", "a/2"}, []string{w.Step, w.Node})
		require.Contains(t, w.Message, "exit code 3")
	}

	strict := newCluster(t)
	strict.rec.hook(tracer.Reload, failing)
	f := strict.fails(api.CreateCluster, api.CreateClusterInput{App: a.id, Waits: api.Waits{StrictConfig: true}})
	require.Equal(t, fault.ConfigFailed, f.Type)
	strict.gone()
}

// A node that does not answer in time fails the operation, by name.
func TestB4_SilentNode(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 2, "start")), api.CreateClusterInput{}, "start: a/1 a/2 | hosts a/1 a/2")
	late := make(chan struct{})
	c.rec.hook(tracer.Reload, func(ctx context.Context, b *begun, _ *tracer.Answer) {
		if b.label() == "a/2" {
			select {
			case <-late:
			case <-ctx.Done():
			}
		}
	})
	silent := c.nodes()["a/2"].NodeID
	c.rec.expect(nil)
	_, err := execute[api.OperationResult](t, api.WorkflowID(c.id), api.UpdateEnv,
		api.UpdateEnvInput{Values: map[string]any{"env.level": "high"}, Waits: api.Waits{BarrierTimeout: "2s"}})
	require.Equal(t, []string{"the operation ended while reload on a/2 was running"}, c.rec.verdict())
	close(late)
	f := faultOf(t, err)
	require.Equal(t, fault.BarrierTimeout, f.Type)
	require.Equal(t, silent, f.Node)
	require.Equal(t, "active", c.state())
}
