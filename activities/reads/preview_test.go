package reads_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestPreviewOfFilesByNode(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(3)
	preview := func(in api.PreviewFilesInput) api.FilePreview {
		in.ClusterID = world.ClusterID
		got, err := w.Acts.Reads.PreviewFiles(t.Context(), in)
		require.NoError(t, err)
		return got
	}
	env := api.PreviewFilesInput{Env: &api.UpdateEnvInput{Values: api.Values{"env.password": "another-password"}}}
	before := w.Record()

	w.Agents.Silence(rec.Nodes[2].ID)
	got := preview(env)
	require.Len(t, got.Steps, 1)
	step := got.Steps[0]
	require.Equal(t, "UE1", step.Step)
	require.Len(t, step.Unknown, 1)
	require.Equal(t, 1, step.Unknown[0].Count)
	require.NotEmpty(t, step.Files)
	for _, f := range step.Files {
		require.Equal(t, 2, f.Count)
		require.Equal(t, "a 1-2", f.Nodes)
	}
	require.Equal(t, before, w.Record(), "nothing is changed")

	scaled := preview(api.PreviewFilesInput{Scale: &api.ScaleVerticalInput{Role: "a", Memory: 2048}})
	require.Equal(t, []string{"SV1", "SV6"}, []string{scaled.Steps[0].Step, scaled.Steps[1].Step})
	require.Equal(t, "/etc/vertical-scaling-roles", scaled.Steps[0].Files[0].Dest)
	require.Contains(t, world.JSON(t, scaled.Steps[1]), "/etc/memory")

	upgraded := preview(api.PreviewFilesInput{Upgrade: &api.UpgradeClusterInput{Version: "2"}})
	require.Equal(t, "a 1-3", upgraded.Steps[0].Unknown[0].Nodes)

	w.Agents.Old = true
	old := preview(env).Steps[0]
	require.Empty(t, old.Files)
	require.Contains(t, world.JSON(t, old.Unknown), "version without previews")

	// The answer is bounded, however many nodes have reasons of their own.
	many := world.New(t)
	large := many.Running(60)
	for _, n := range large.Nodes[:30] {
		many.Agents.Silence(n.ID)
	}
	bounded, err := many.Acts.Reads.PreviewFiles(t.Context(), api.PreviewFilesInput{ClusterID: world.ClusterID, Env: env.Env})
	require.NoError(t, err)
	require.LessOrEqual(t, len(world.JSON(t, bounded)), world.ResultLimit)
	unknown := 0
	for _, u := range bounded.Steps[0].Unknown {
		unknown += u.Count
	}
	require.Equal(t, 30, unknown)
	require.LessOrEqual(t, len(bounded.Steps[0].Unknown), 21)

	_, err = w.Change(func(rec *lifecycle.Record) error { rec.PoweredOff = true; return nil })
	require.NoError(t, err)
	require.Equal(t, []api.UnknownFiles{{Nodes: "a 1-3", Count: 3, Why: "off"}}, preview(env).Steps[0].Unknown)

	_, err = w.Acts.Reads.PreviewFiles(t.Context(), api.PreviewFilesInput{ClusterID: world.ClusterID})
	w.RequireFault(fault.Invalid, err)
	env.Env.Values = api.Values{"env.nothing": 1}
	env.ClusterID = world.ClusterID
	_, err = w.Acts.Reads.PreviewFiles(t.Context(), env)
	w.RequireFault(fault.Invalid, err)
}
