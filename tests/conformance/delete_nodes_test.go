package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/workflows/api"
)

// hostsBut lists members without some.
func hostsBut(all, gone string) string {
	var left []string
	for _, m := range strings.Fields(all) {
		if !strings.Contains(" "+gone+" ", " "+m+" ") {
			left = append(left, m)
		}
	}
	return "hosts " + strings.Join(left, " ")
}

// The three branches by what the leaving nodes' role says of destroy: none, after stop, before stop; and both at once.
//
// step: DN1 DN2 DN10 DN11 DN12 S9
func TestDN3_DN4_DN5_DN6_DN7_DN9_Branches(t *testing.T) {
	t.Parallel()
	all := "early/1 early/2 early/3 keeper/1 late/1 late/2 late/3 plain/1 plain/2"
	c := create(t, newApp(
		role("keeper", 1, "scale_in pre_check"),
		role("plain", 2, "start", "stop"),
		role("late", 3, "stop", "destroy post_stop_service"),
		role("early", 3, "stop", "destroy", "scale_in order=1"),
	).with(object{"advanced_actions": []string{"scale_horizontal"}}), api.CreateClusterInput{}, "start: plain/1 plain/2 | hosts "+all)
	leave := func(who string, plan ...string) {
		t.Helper()
		ids := c.ids(who)
		instances, volumes := c.resources()
		plan[0] += " | hosts " + all + "; deleting " + who
		c.run(api.DeleteNodes, api.DeleteNodesInput{Nodes: ids}, plan...)
		all = strings.TrimPrefix(hostsBut(all, who), "hosts ")
		require.Equal(t, "hosts "+all, c.published(), "DN11")
		stay, kept := c.resources()
		require.Equal(t, []int{instances - len(ids), volumes - len(ids)}, []int{stay, kept}, "DN10")
		require.Equal(t, distinct(all+" "+who), distinct(c.rec.reloaded()), "DN2: all nodes, leaving ones too")
		c.settled("DN12")
	}

	leave("plain/2", "scale_in.pre_check: keeper/1", "scale_in: keeper/1", "scale_in: early/1 early/2 early/3", "stop: plain/2")
	require.Equal(t, "DN1 DN2 DN2b DN4 DN10 DN11 DN12", c.walked())
	leave("late/3", "scale_in.pre_check: keeper/1", "scale_in: keeper/1", "scale_in: early/1 early/2 early/3", "stop: late/3", "destroy: late/3")
	require.Equal(t, "DN1 DN2 DN2b DN6 DN10 DN11 DN12", c.walked())
	leave("early/3", "scale_in.pre_check: keeper/1", "destroy: early/3", "scale_in: keeper/1", "scale_in: early/1 early/2", "stop: early/3")
	require.Equal(t, "DN1 DN2 DN2b DN7 DN9 DN10 DN11 DN12", c.walked())
	leave("early/2 late/2", "scale_in.pre_check: keeper/1", "destroy: early/2", "scale_in: keeper/1", "scale_in: early/1",
		"stop: early/2 late/2", "destroy: late/2")
}

// What is refused, and what a failure leaves: /deleting-hosts empty, and no resource released.
//
// step: DN1
func TestDN0_DN2b_DN8_DN9_Failures(t *testing.T) {
	t.Parallel()
	all := "fixed/1 fixed/2 keeper/1 keeper/2 late/1 late/2"
	c := create(t, newApp(
		role("keeper", 2, "stop", "destroy", "scale_in pre_check"),
		role("late", 2, "start", "stop", "destroy post_stop_service allow_force=false"),
		and(role("fixed", 2), object{"advanced_actions": []string{"add_nodes"}}),
	).with(object{"advanced_actions": []string{"scale_horizontal"}}), api.CreateClusterInput{}, "start: late/1 late/2 | hosts "+all)
	untouched := func(what string) {
		t.Helper()
		require.Equal(t, "hosts "+all, c.published(), what)
		instances, volumes := c.resources()
		require.Equal(t, []int{6, 6}, []int{instances, volumes}, what)
		require.Equal(t, "active", c.state(), what)
	}
	for who, why := range map[string]string{
		"fixed/1": "scale_horizontal", "keeper/1 keeper/2": "at least 1", "keeper/1 keeper/1": "duplicate nodes",
	} {
		f := c.fails(api.DeleteNodes, api.DeleteNodesInput{Nodes: c.ids(who)})
		require.Equal(t, fault.NotAllowed, f.Type, who)
		require.Contains(t, f.Message, why)
	}
	require.Equal(t, fault.Invalid, c.fails(api.DeleteNodes, api.DeleteNodesInput{}).Type, "an empty target is refused")
	f := c.fails(api.DeleteNodes, api.DeleteNodesInput{Nodes: []string{"cln-00000000"}})
	require.Contains(t, f.Message, "cln-00000000")
	f = c.fails(api.DeleteNodes, api.DeleteNodesInput{Nodes: c.ids("late/2"), Force: true})
	require.Contains(t, f.Message, `role "late"`, "allow_force: false")
	untouched("DN0")

	keeper := api.DeleteNodesInput{Nodes: c.ids("keeper/2")}
	sees := " | hosts " + all + "; deleting keeper/2"
	c.fails(api.DeleteNodes, keeper, "scale_in.pre_check: keeper/1=3"+sees)
	untouched("DN2b")
	f = c.fails(api.DeleteNodes, keeper, "scale_in.pre_check: keeper/1"+sees, "destroy: keeper/2=77")
	require.Contains(t, f.Message, "the data is still needed")
	untouched("DN8")
	forced := keeper
	forced.Force = true
	c.fails(api.DeleteNodes, forced, "scale_in.pre_check: keeper/1"+sees, "destroy: keeper/2=77", "scale_in: keeper/1=4")
	untouched("DN9: a failing scale_in blocks, forced or not")
	c.fails(api.DeleteNodes, api.DeleteNodesInput{Nodes: c.ids("late/2")},
		"scale_in.pre_check: keeper/1 keeper/2 | hosts "+all+"; deleting late/2", "scale_in: keeper/1 keeper/2", "stop: late/2", "destroy: late/2=5", "start: late/2 | hosts "+all)
	untouched("DN6: it stays and runs again")
	c.cancelled(api.DeleteNodes, keeper, "scale_in", "scale_in.pre_check: keeper/1"+sees, "destroy: keeper/2", "scale_in: keeper/1")
	untouched("cancelled")
	result := c.run(api.DeleteNodes, forced, "scale_in.pre_check: keeper/1"+sees, "destroy: keeper/2=77", "scale_in: keeper/1", "stop: keeper/2")
	require.Len(t, result.Warnings, 1)
	require.Equal(t, hostsBut(all, "keeper/2"), c.published())
}
