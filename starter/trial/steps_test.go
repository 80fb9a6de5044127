package trial

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
	"drover/workflows/api"
)

func TestStepsOfALife(t *testing.T) {
	t.Parallel()
	role := specs.Role{Name: "a", Count: 2, CPU: 1, Memory: 256, Items: map[string]string{specs.ItemMemory: "cluster.a.memory"}}
	l := &Life{
		Run:      []string{"show"},
		spec:     &specs.Cluster{AdvancedActions: []string{"scale_horizontal"}, Roles: []specs.Role{role, {Name: "a-replica", ReplicaOf: "a"}}},
		settings: []api.Setting{{Path: "cluster.a.memory", Form: &api.Form{Range: []string{"1024", "256", "512"}}}},
	}
	names := func() (out []string) {
		for _, p := range l.plans() {
			out = append(out, p.Name)
		}
		return out
	}
	require.Equal(t, []string{"create", "add-nodes", "delete-nodes", "scale", "run", "stop", "start", "upgrade", "delete"}, names())
	plans := l.plans()
	require.Equal(t, "create a cluster of 2 nodes", plans[0].What)
	request, _ := plans[3].request(t.Context())
	require.Equal(t, api.ScaleVerticalInput{Role: "a", Memory: 512}, request.Input)
	request, why := plans[2].request(t.Context())
	require.Nil(t, request)
	require.Equal(t, "no node was added", why)

	request, _ = plans[1].request(t.Context())
	require.Equal(t, api.AddNodesInput{Role: "a", Count: 1}, request.Input)
	l.settings = []api.Setting{{Path: "cluster.a.count", Form: &api.Form{Range: []string{"2", "5", "9"}}}}
	l.spec.Roles[0].Items = map[string]string{specs.ItemCount: "cluster.a.count"}
	request, _ = l.plans()[1].request(t.Context())
	require.Equal(t, api.AddNodesInput{Role: "a", Count: 3}, request.Input)
	require.Equal(t, "add 3 nodes of a", request.Summary)

	l.spec.AdvancedActions = nil
	_, why = l.plans()[1].request(t.Context())
	require.Contains(t, why, "scale_horizontal")
	l.spec.Roles[0].Services = map[string]specs.Service{"restart": {Cmd: "again"}}
	require.True(t, slices.Contains(names(), "restart"))
	l.Until = "create"
	require.Equal(t, []string{"create", "delete"}, names())
}

func TestTheNextLargerSize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		form *api.Form
		now  int
		want int
	}{
		{nil, 1, 0},
		{&api.Form{}, 1, 2},
		{&api.Form{Step: "10", Max: "30"}, 20, 30},
		{&api.Form{Step: "10", Max: "30"}, 30, 0},
		{&api.Form{Range: []string{"4", "2", "1"}}, 1, 2},
		{&api.Form{Range: []string{"1"}}, 1, 0},
	} {
		require.Equal(t, tt.want, larger(tt.form, tt.now), "%+v", tt)
	}
}

func TestChecksAreNamedAfterSteps(t *testing.T) {
	t.Parallel()
	checks, err := ReadChecks(filepath.Join(t.TempDir(), "none"))
	require.NoError(t, err)
	require.Empty(t, checks.files)

	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"create": 0o755, "every.sh": 0o755, "README.md": 0o644, "lib.sh": 0o644} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), mode))
	}
	checks, err = ReadChecks(dir)
	require.NoError(t, err)
	require.Len(t, checks.files, 2)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "stop"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "created"), nil, 0o755))
	_, err = ReadChecks(dir)
	require.ErrorContains(t, err, "created is not a step")
	require.ErrorContains(t, err, "the checks of the package cannot be used")
}
