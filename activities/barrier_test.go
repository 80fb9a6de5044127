package activities

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

func barrier(rec *lifecycle.Record, revision int64) BarrierInput {
	return BarrierInput{ClusterID: clusterID, Step: "CC3", Nodes: ids(rec), Revision: revision, TimeoutSec: 60}
}

func TestBarrierWaitsForARevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(3)
	done := make(chan error, 1)
	go func() { _, err := w.acts.Barrier(t.Context(), barrier(rec, 2)); done <- err }()
	require.NoError(t, w.acts.Publish(t.Context(), PublishInput{ClusterID: clusterID, Seq: 1, Revision: 2}))
	require.NoError(t, <-done)
}

func TestBarrierNamesTheNodeThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(3)
	w.agents.Broken[rec.Nodes[1].ID] = true
	_, err := w.acts.Barrier(t.Context(), barrier(rec, 1))
	f := w.requireFault(fault.BarrierTimeout, err)
	require.False(t, f.Retryable)
	require.Equal(t, []string{clusterID, rec.Nodes[1].ID}, []string{f.Cluster, f.Node})
	require.Contains(t, f.Message, "node a/2 ("+rec.Nodes[1].ID+") did not apply revision 1 within 60 s")
}

func TestBarrierOfARevisionThatNeverComesTimesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := barrier(w.running(2), 9)
	in.TimeoutSec = 1
	_, err := w.acts.Barrier(t.Context(), in)
	w.requireFault(fault.BarrierTimeout, err)
}

func TestBarrierThatIsInterruptedIsNobodysFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	deps := w.deps
	deps.Records = patient{w.store}
	_, err := New(deps).Barrier(ctx, barrier(rec, 9))
	require.True(t, w.requireFault(fault.Unreachable, err).Retryable)
	require.ErrorContains(t, err, "interrupted")
}

// patient records are read whatever the context.
type patient struct{ RecordStore }

func (p patient) Record(ctx context.Context, id string) (*lifecycle.Record, uint64, error) {
	return p.RecordStore.Record(context.WithoutCancel(ctx), id)
}

func TestBarrierResultIsBoundedAndWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(50)
	for _, output := range []string{strings.Repeat("x", 1024), strings.Repeat("<", 1024), strings.Repeat("\x01", 1024)} {
		w.agents.Warn = nil
		for i := range 8 {
			w.agents.Warn = append(w.agents.Warn, agentapi.Warning{
				Resource: fmt.Sprintf("r%d.toml", i), What: "reload", Message: "exit code 1 of reload --password=" + secret, Output: secret + output + "end",
			})
		}
		out, err := w.acts.Barrier(t.Context(), barrier(rec, 1))
		require.NoError(t, err)
		text := jsonOf(t, out)
		require.LessOrEqual(t, len(text), resultLimit)
		require.NotContains(t, text, secret)
		require.Len(t, out.Warnings, maxWarnings+1)
		require.Contains(t, out.Warnings[maxWarnings].Message, "more warnings")
		first := out.Warnings[0]
		require.Equal(t, []string{"CC3", "a/1"}, []string{first.Step, first.Node})
		require.True(t, strings.HasPrefix(first.Message, "r0.toml: reload failed: exit code 1"), first.Message)
		require.True(t, strings.HasSuffix(first.Message, "end"), first.Message)
	}
	w.agents.Warn = w.agents.Warn[:1]
	in := barrier(rec, 1)
	in.StrictConfig = true
	_, err := w.acts.Barrier(t.Context(), in)
	f := w.requireFault(fault.ConfigFailed, err)
	require.Contains(t, f.Message, "r0.toml")
	require.NotContains(t, jsonOf(t, f), secret)
	require.LessOrEqual(t, len(jsonOf(t, f)), resultLimit)
}

func TestStartAgentsGivesEachNodeItsOwnConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(2) // the fakes refuse another node's configuration
	for _, n := range rec.Nodes {
		cfg := w.acts.agentConfig(rec, n)
		require.Equal(t, []string{clusterID, n.ID, n.InstanceID, "a"}, []string{cfg.ClusterID, cfg.NodeID, cfg.InstanceID, cfg.Role})
		require.Len(t, cfg.MetadataListen, 1)
		require.Nil(t, cfg.HealthCheck)
	}
	w.agents.Broken[rec.Nodes[0].ID] = true
	_, err := w.acts.StartAgents(t.Context(), barrier(rec, 1))
	require.Equal(t, rec.Nodes[0].ID, w.requireFault(fault.BarrierTimeout, err).Node)
}

func TestBarrierOfManyFailingNodesIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(250)
	for _, n := range rec.Nodes {
		w.agents.Broken[n.ID] = true
	}
	_, err := w.acts.Barrier(t.Context(), barrier(rec, 1))
	f := w.requireFault(fault.BarrierTimeout, err)
	require.LessOrEqual(t, len(jsonOf(t, f)), resultLimit)
}
