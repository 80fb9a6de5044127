package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps/builder"
	"drover/workflows/api"
)

// forcedPast asserts that every named failure of a forced stage is reported.
func forcedPast(t *testing.T, warnings []api.Warning, failures ...string) {
	t.Helper()
	for _, failure := range failures {
		require.True(t, slices.ContainsFunc(warnings, func(w api.Warning) bool {
			return strings.HasPrefix(w.Message, "forced past: ") && strings.Contains(w.Message, failure)
		}), "%q is not reported in %v", failure, warnings)
	}
}

// Force goes past the failing groups of destroy and of stop, and past no other: every later group still runs.
//
// step: DC7 DC8
func TestDC6_ForceRunsEveryGroup(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 2, "stop", "destroy"), role("b", 1, "stop order=1", "destroy order=1"), role("c", 1, "stop order=2", "destroy order=2")),
		api.CreateClusterInput{})
	result := c.run(api.DeleteCluster, api.DeleteClusterInput{Force: true},
		"destroy: a/1=77 a/2=77 | hosts a/1 a/2 b/1 c/1", "destroy: b/1=5", "destroy: c/1", "stop: a/1 a/2=7", "stop: b/1=9", "stop: c/1")
	forcedPast(t, result.Warnings, "destroy on a/1 ended with exit code 77", "destroy on a/2 ended with exit code 77",
		"destroy on b/1 ended with exit code 5", "stop on a/2 ended with exit code 7", "stop on b/1 ended with exit code 9")
	c.gone()
}

// The same for nodes that leave: scale_in alone still prevents the release.
//
// step: DN9 DN10
func TestDN8_ForceRunsEveryGroup(t *testing.T) {
	t.Parallel()
	all := "a/1 a/2 b/1 b/2"
	c := create(t, newApp(role("a", 2, "stop", "destroy", "scale_in"), role("b", 2, "stop order=1", "destroy order=1")).
		with(object{"advanced_actions": []string{"scale_horizontal"}}), api.CreateClusterInput{})
	input := api.DeleteNodesInput{Nodes: c.ids("a/2 b/2"), Force: true}
	seen := " | hosts " + all + "; deleting a/2 b/2"
	f := c.fails(api.DeleteNodes, input, "destroy: a/2=77"+seen, "destroy: b/2", "scale_in: a/1=3")
	require.Contains(t, f.Message, "scale_in on a/1 ended with exit code 3")
	require.Equal(t, "hosts "+all, c.published())

	result := c.run(api.DeleteNodes, input, "destroy: a/2=77"+seen, "destroy: b/2=5", "scale_in: a/1", "stop: a/2=7", "stop: b/2")
	forcedPast(t, result.Warnings, "destroy on a/2 ended with exit code 77", "destroy on b/2 ended with exit code 5", "stop on a/2 ended with exit code 7")
	require.Equal(t, "hosts a/1 b/1", c.published())
}

// A downgrade is always forced: machines are powered off only after every order group was stopped.
//
// step: UP6
func TestUP5b_ForceRunsEveryGroup(t *testing.T) {
	t.Parallel()
	roles := func(image string) []builder.Role {
		return []builder.Role{
			role("a", 2, "start", "stop", "upgrade").Boots("local", image), role("b", 1, "start", "stop order=1").Boots("local", image),
		}
	}
	a := newApp(roles("one")...)
	c := create(t, a, api.CreateClusterInput{}, "start: a/1 a/2 b/1 | hosts a/1 a/2 b/1")
	a.Roles(roles("two")...)
	a.with(object{"upgrade_policy": []string{"1"}}).publish(t, "2")
	c.fails(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"},
		"stop: a/1 a/2 | hosts a/1 a/2 b/1", "stop: b/1", "upgrade: a/1=7 a/2 | hosts a/1 a/2 b/1; from 1")
	view := c.view()
	require.Equal(t, []string{"1", "2", "upgrade_failed"}, []string{view.Version, view.Target, view.State})

	result := c.run(api.DowngradeCluster, api.DowngradeClusterInput{},
		"stop: a/1=7 a/2=8 | hosts a/1 a/2 b/1; from 1", "stop: b/1", "start: a/1 a/2 b/1 | hosts a/1 a/2 b/1")
	forcedPast(t, result.Warnings, "stop on a/1 ended with exit code 7", "stop on a/2 ended with exit code 8")
	c.bootedFrom(map[string]string{"stop": "two", "start": "one"})
	view = c.view()
	require.Equal(t, []string{"1", "", "active"}, []string{view.Version, view.Target, view.State})
}
