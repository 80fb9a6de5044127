package agents_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/publish"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func barrier(rec *lifecycle.Record, revision int64) agents.BarrierInput {
	return agents.BarrierInput{ClusterID: world.ClusterID, Step: "CC3", Nodes: world.IDs(rec), Revision: revision, TimeoutSec: 60}
}

func TestBarrierWaitsForARevision(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(3)
	done := make(chan error, 1)
	go func() { _, err := w.Acts.Agents.Barrier(t.Context(), barrier(rec, 2)); done <- err }()
	require.NoError(t, w.Acts.Publish.Publish(t.Context(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-1", Revision: 2}))
	require.NoError(t, <-done)
}

func TestBarrierNamesTheNodeThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(3)
	w.Agents.Broken[rec.Nodes[1].ID] = true
	_, err := w.Acts.Agents.Barrier(t.Context(), barrier(rec, 1))
	f := w.RequireFault(fault.BarrierTimeout, err)
	require.False(t, f.Retryable)
	require.Equal(t, []string{world.ClusterID, rec.Nodes[1].ID}, []string{f.Cluster, f.Node})
	require.Contains(t, f.Message, "node a/2 ("+rec.Nodes[1].ID+") did not apply revision 1 within 60 s")
}

// hanging is the pass of a node that waits for a reload_cmd.
func hanging() *agentapi.Pass {
	since := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return &agentapi.Pass{Revision: 9, Since: since, Command: &agentapi.PassCommand{
		Kind: "reload", Resource: "a.toml", Cmd: "reload " + world.Secret, Since: since, Deadline: since.Add(agentapi.PassCommandLimit),
	}}
}

func TestBarrierShowsTheReloadThatANodeWaitsFor(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	w.Agents.SetPass(rec.Nodes[1].ID, hanging())
	shown := make(chan string, 1)
	env := world.Environment()
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var b api.Beat
		if err := details.Get(&b); err != nil {
			t.Error(err)
			return
		}
		for _, n := range b.Waiting {
			if strings.HasPrefix(n.Node, "a/2 ") && strings.Contains(n.LastLine, "reload_cmd") {
				select {
				case shown <- n.LastLine:
					if err := w.Acts.Publish.Publish(context.Background(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-1", Revision: 9}); err != nil {
						t.Error(err)
					}
				default:
				}
			}
		}
	})
	env.RegisterActivity(w.Acts.Agents.Barrier)
	_, err := env.ExecuteActivity(w.Acts.Agents.Barrier, barrier(rec, 9))
	require.NoError(t, err)
	line := <-shown
	require.Contains(t, line, "reload_cmd of a.toml since 05:06:07 UTC, limit 10m0s: reload ***")
	require.NotContains(t, line, world.Secret)
}

// A cancel ends the reload commands of the nodes that have not applied the revision; a stopping worker leaves them alone.
func TestBarrierThatIsCancelledEndsReloads(t *testing.T) {
	t.Parallel()
	for cause, ends := range map[error]bool{temporal.NewCanceledError(): true, context.Canceled: false} {
		w := world.New(t)
		rec := w.Running(2)
		w.Agents.SetPass(rec.Nodes[1].ID, hanging())
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { _, err := w.Acts.Agents.Barrier(ctx, barrier(rec, 9)); done <- err }()
		require.Eventually(t, func() bool { return w.Agents.Syncing() == 2 }, time.Minute, time.Millisecond)
		cancel(cause)
		require.Error(t, <-done)
		require.Equal(t, ends, w.Agents.Pass(rec.Nodes[1].ID) == nil)
	}
}

func TestBarrierOfARevisionThatNeverComesTimesOut(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	in := barrier(w.Running(2), 9)
	in.TimeoutSec = 1
	_, err := w.Acts.Agents.Barrier(t.Context(), in)
	w.RequireFault(fault.BarrierTimeout, err)
}

func TestBarrierThatIsInterruptedIsNobodysFault(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	deps := w.Deps
	deps.Records = patient{w.Store}
	_, err := activities.New(deps).Agents.Barrier(ctx, barrier(rec, 9))
	require.True(t, w.RequireFault(fault.Unreachable, err).Retryable)
	require.ErrorContains(t, err, "interrupted")
}

// patient records are read whatever the context.
type patient struct{ activities.RecordStore }

func (p patient) Record(ctx context.Context, id string) (*lifecycle.Record, uint64, error) {
	return p.RecordStore.Record(context.WithoutCancel(ctx), id)
}

func TestBarrierResultIsBoundedAndWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(50)
	for _, output := range []string{strings.Repeat("x", 1024), strings.Repeat("<", 1024), strings.Repeat("\x01", 1024)} {
		w.Agents.Warn = nil
		for i := range 8 {
			w.Agents.Warn = append(w.Agents.Warn, agentapi.Warning{
				Resource: fmt.Sprintf("r%d.toml", i), What: "reload", Message: "exit code 1 of reload --password=" + world.Secret, Output: world.Secret + output + "end",
			})
		}
		out, err := w.Acts.Agents.Barrier(t.Context(), barrier(rec, 1))
		require.NoError(t, err)
		text := world.JSON(t, out)
		require.LessOrEqual(t, len(text), world.ResultLimit)
		require.NotContains(t, text, world.Secret)
		require.Len(t, out.Warnings, agents.MaxWarnings+1)
		require.Contains(t, out.Warnings[agents.MaxWarnings].Message, "more warnings")
		first := out.Warnings[0]
		require.Equal(t, []string{"CC3", "a/1"}, []string{first.Step, first.Node})
		require.True(t, strings.HasPrefix(first.Message, "r0.toml: reload failed: exit code 1"), first.Message)
		require.True(t, strings.HasSuffix(first.Message, "end"), first.Message)
	}
	w.Agents.Warn = w.Agents.Warn[:1]
	in := barrier(rec, 1)
	in.StrictConfig = true
	_, err := w.Acts.Agents.Barrier(t.Context(), in)
	f := w.RequireFault(fault.ConfigFailed, err)
	require.Contains(t, f.Message, "r0.toml")
	require.NotContains(t, world.JSON(t, f), world.Secret)
	require.LessOrEqual(t, len(world.JSON(t, f)), world.ResultLimit)
}

func TestStartAgentsGivesEachNodeItsOwnConfiguration(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2) // the fakes refuse another node's configuration
	for _, n := range rec.Nodes {
		cfg := agents.AgentConfig(w.Acts.Agents, rec, n)
		require.Equal(t, []string{world.ClusterID, n.ID, n.InstanceID, "a"}, []string{cfg.ClusterID, cfg.NodeID, cfg.InstanceID, cfg.Role})
		require.Len(t, cfg.MetadataListen, 1)
		require.Nil(t, cfg.HealthCheck)
	}
	w.Agents.Broken[rec.Nodes[0].ID] = true
	_, err := w.Acts.Agents.StartAgents(t.Context(), barrier(rec, 1))
	require.Equal(t, rec.Nodes[0].ID, w.RequireFault(fault.BarrierTimeout, err).Node)
}

// An agent gets other settings once, at the next barrier; a node that is not reachable for that is named.
func TestBarrierGivesAgentsOtherSettings(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	check := func() string {
		if h := w.Agents.Settings(rec.Nodes[0].ID).HealthCheck; h != nil {
			return h.CheckCmd
		}
		return ""
	}
	require.Empty(t, check())
	rec.Spec.Roles[0].HealthCheck = &agentapi.HealthCheck{Enable: true, CheckCmd: "one"}
	w.Put(rec)
	w.Agents.Broken[rec.Nodes[1].ID] = true
	_, err := w.Acts.Agents.Barrier(t.Context(), barrier(rec, 1))
	require.Equal(t, rec.Nodes[1].ID, w.RequireFault(fault.BarrierTimeout, err).Node)
	require.Equal(t, "one", check())
	has := w.Record()
	require.NotEqual(t, has.Nodes[0].AgentHas, has.Nodes[1].AgentHas, "what was given before the failure is known")

	delete(w.Agents.Broken, rec.Nodes[1].ID)
	starts := w.Agents.Starts()
	for range 2 {
		_, err = w.Acts.Agents.Barrier(t.Context(), barrier(rec, 1))
		require.NoError(t, err)
		require.Equal(t, starts+1, w.Agents.Starts(), "of the other node, once")
	}
}

func TestBarrierOfManyFailingNodesIsBounded(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(250)
	for _, n := range rec.Nodes {
		w.Agents.Broken[n.ID] = true
	}
	_, err := w.Acts.Agents.Barrier(t.Context(), barrier(rec, 1))
	f := w.RequireFault(fault.BarrierTimeout, err)
	require.LessOrEqual(t, len(world.JSON(t, f)), world.ResultLimit)
}
