package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/workflows/api"
)

// A request that the record or the published applications show to be wrong starts no workflow under the cluster's id, planned or not.
func TestWhatCanBeKnownIsRefusedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	gone := map[string]any{api.DescribeCluster: fault.New(fault.NotFound, "cluster %s does not exist", known)}
	active := answering("one")
	view := active[api.DescribeCluster].(api.ClusterView)
	view.Refuses = map[string]api.Refusal{api.StartCluster: {Why: "StartCluster is not allowed while the cluster is active", Hint: "it is active already"}}
	active[api.DescribeCluster] = view
	for _, tt := range []struct {
		answers map[string]any
		args    []string
		code    int
		says    string
	}{
		{gone, []string{"delete", known, "--yes"}, exitRefused, "cluster " + known + " does not exist"},
		{gone, []string{"restart", known}, exitRefused, "does not exist"},
		{active, []string{"start", known}, exitRefused, "StartCluster is not allowed while the cluster is active\n  next: it is active already"},
		{active, []string{"delete-nodes", known, "cln-00000001", "cln-nosuch00", "--yes"}, exitUsage, "not nodes of cluster " + known + ": cln-nosuch00\n"},
		{active, []string{"run", known, "backup", "--node", "cln-nosuch00"}, exitUsage, "not nodes of cluster"},
		{active, []string{"repair", known, "--nodes", "cln-nosuch00"}, exitUsage, "not nodes of cluster"},
		{active, []string{"upgrade", known, "--to", "four"}, exitRefused, `application "etcd" has no version "four"`},
		{active, []string{"create", "ectd"}, exitRefused, `no application "ectd" is published`},
		{active, []string{"create", "etcd", "--version", "four"}, exitRefused, "next: published versions: one, two, none"},
		{active, []string{"create", "etcd", "--version", "bad"}, exitRefused, "version bad of etcd is yanked since 2026-01-02T03:04:05Z"},
		{active, []string{"upgrade", known, "--to", "bad"}, exitRefused, "drover apps yank etcd --version bad --undo"},
	} {
		for _, plan := range []bool{false, true} {
			args := tt.args
			if plan {
				args = append([]string{"plan"}, args...)
				if args[len(args)-1] == "--yes" {
					args = args[:len(args)-1]
				}
			}
			c := &counter{answers: tt.answers}
			got := ask(t, c, "", args...)
			require.Equal(t, tt.code, got.code, "%v: %s", args, got.stderr.String())
			require.Contains(t, got.stderr.String(), tt.says, "%v", args)
			require.Empty(t, c.operation, "%v", args)
		}
	}
	// While an operation runs, what was read may be about to change: the cluster is busy.
	c := &counter{runs: api.CreateCluster, answers: gone}
	got := ask(t, c, "", "delete", known, "--yes")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.stderr.String(), "is busy: CreateCluster has been running since")
	// What cannot be read is left to the operation.
	c = &counter{answers: map[string]any{api.DescribeCluster: nil}}
	ask(t, c, "", "delete", known, "--yes")
	require.Equal(t, api.DeleteCluster, c.operation)
}

// A plan of a cluster that changes would be wrong.
func TestNothingIsPlannedWhileAnOperationRuns(t *testing.T) {
	t.Parallel()
	c := &counter{runs: api.AddNodes}
	got := ask(t, c, "", "plan", "restart", known)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.stderr.String(), "cluster "+known+" is busy: AddNodes has been running since")
	require.NotEqual(t, api.RestartCluster, c.operation)
}
