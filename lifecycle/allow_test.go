package lifecycle

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

// requireRefusal: "" is allowed; a refusal says why and what to do.
func requireRefusal(t *testing.T, want string, r *Refusal) {
	t.Helper()
	if want == "" {
		require.Nil(t, r)
		return
	}
	require.NotNil(t, r)
	require.Contains(t, r.Why, want)
	require.NotEmpty(t, r.Hint)
}

func TestMayAdd(t *testing.T) {
	t.Parallel()
	v := View{Roles: []RoleView{
		{Name: "both", ScaleHorizontal: true}, {Name: "add", AddNodes: true}, {Name: "no"}, {Name: "add-replica", ReplicaOf: "add", AddNodes: true},
	}}
	for role, want := range map[string]string{"both": "", "add": "", "no": "neither scale_horizontal nor add_nodes", "add-replica": "grows with it", "z": `no role "z"`} {
		requireRefusal(t, want, MayAdd(v, role, 1))
	}
	requireRefusal(t, "count is 0", MayAdd(v, "add", 0))
}

func TestRoleThatARequestLeavesOut(t *testing.T) {
	t.Parallel()
	some := []NodeRef{{ID: "n", SID: 1}}
	grows, adds := RoleView{Name: "grows", ScaleHorizontal: true, Nodes: some}, RoleView{Name: "adds", AddNodes: true, Nodes: some}
	fixed, replica := RoleView{Name: "fixed", Nodes: some}, RoleView{Name: "grows-replica", ReplicaOf: "grows", ScaleHorizontal: true, Nodes: some}
	empty := RoleView{Name: "empty", ScaleHorizontal: true}
	for name, tc := range map[string]struct {
		roles         []RoleView
		named         string
		grow, scale   string // the role
		noGrow, noFit string // or the refusal
	}{
		"named":                   {roles: []RoleView{grows, adds}, named: "adds", grow: "adds", scale: "adds"},
		"named, and not there":    {roles: []RoleView{grows}, named: "z", grow: "z", scale: "z"},
		"without roles":           {roles: []RoleView{{Name: ""}}},
		"one":                     {roles: []RoleView{grows}, grow: "grows", scale: "grows"},
		"one with replicas":       {roles: []RoleView{grows, replica}, grow: "grows", scale: "grows"},
		"one that may not":        {roles: []RoleView{fixed}, grow: "fixed", scale: "fixed"},
		"one that may of several": {roles: []RoleView{fixed, grows, replica}, grow: "grows", noFit: "2 roles of the cluster can be scaled"},
		"several that may":        {roles: []RoleView{fixed, grows, adds}, noGrow: "2 roles of the cluster can grow", noFit: "3 roles"},
		"one with nodes":          {roles: []RoleView{fixed, empty}, grow: "empty", scale: "fixed"},
		"several, none that may":  {roles: []RoleView{fixed, {Name: "other", Nodes: some}}, noGrow: "none of the cluster's 2 roles can grow", noFit: "2 roles"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := View{Roles: tc.roles}
			role, refusal := RoleToGrow(v, tc.named)
			require.Equal(t, tc.grow, role)
			requireRefusal(t, tc.noGrow, refusal)
			role, refusal = RoleToScale(v, tc.named)
			require.Equal(t, tc.scale, role)
			requireRefusal(t, tc.noFit, refusal)
		})
	}
	_, refusal := RoleToGrow(View{Roles: []RoleView{fixed, grows, adds}}, "")
	require.Equal(t, "choose one with --role: grows, adds", refusal.Hint)
}

func TestMayRemove(t *testing.T) {
	t.Parallel()
	a := role("a", 1, 3, with(service(ServiceDestroy, 0), func(s *ServiceView) { s.AllowForce = false }))
	a.ScaleHorizontal, a.MinCount = true, 2
	r := role("r", 4, 2)
	r.ReplicaOf, r.ScaleHorizontal, r.MinCount = "a", true, 2
	for i := range a.Nodes {
		a.Nodes[i].GID = i + 1
	}
	r.Nodes[0].GID, r.Nodes[1].GID = 1, 4 // no master has this gid
	v := View{Roles: []RoleView{a, r, role("fixed", 1, 1)}}
	for _, tc := range []struct {
		targets []string
		force   bool
		want    string
	}{
		{want: "the request has no nodes"},
		{targets: []string{"a2"}},
		{targets: []string{"a1", "zz", "yy"}, want: "zz, yy"},
		{targets: []string{"a1", "a1"}, want: "duplicate nodes: a1"},
		{targets: []string{"a1", "a2"}, want: "requires at least 2"},
		{targets: []string{"a1", "r4"}},
		{targets: []string{"a1"}, want: "a/1 (a1) would leave replicas without a master: r/4 (r4)"},
		{targets: []string{"r4", "r5"}, want: "a/1 (a1) would stay with fewer replicas, and replicas are added with a new master only: without r/4 (r4)"},
		{targets: []string{"r5"}},
		{targets: []string{"fixed1"}, want: "scale_horizontal is not"},
		{targets: []string{"a1", "r4"}, force: true, want: "allow_force: false"},
		{targets: []string{"r5"}, force: true},
	} {
		requireRefusal(t, tc.want, MayRemove(v, tc.targets, tc.force))
	}
	refusal := MayRemove(v, []string{"a1", "r5"}, true)
	require.Equal(t, "delete masters together with their replicas: list these nodes too: r4; replace a single broken node with drover repair", refusal.Hint)
	only := role("a", 1, 1)
	only.ScaleHorizontal = true
	requireRefusal(t, "no node would remain", MayRemove(View{Roles: []RoleView{only}}, []string{"a1"}, false))
}

// A role without nodes has no say in what becomes of the others.
func TestRolesWithoutNodesAreNotAsked(t *testing.T) {
	t.Parallel()
	protected := with(service(ServiceDestroy, 0), func(s *ServiceView) { s.AllowForce = false })
	v := View{EverActive: true, State: Active, Roles: []RoleView{role("a", 1, 1, service(ServiceStop, 0)), role("empty", 1, 0, protected)}}
	require.Nil(t, MayDelete(v, true, nil))
	require.False(t, v.Defines(ServiceDestroy, nil))
	require.True(t, v.Defines(ServiceStop, nil))
	v.Roles[1] = role("full", 1, 1, protected)
	requireRefusal(t, `role "full"`, MayDelete(v, true, nil))
}

func TestMayScale(t *testing.T) {
	t.Parallel()
	v := View{Roles: []RoleView{{Name: "a", CPU: 2, Memory: 1024, VolumeSize: 10}, {Name: "a-replica", ReplicaOf: "a"}, {Name: "dry", CPU: 1, Memory: 512}}}
	for _, tc := range []struct {
		role string
		size Size
		want string
	}{
		{"a", Size{CPU: 4}, ""}, {"a", Size{CPU: 1}, ""}, {"a", Size{VolumeSize: 11}, ""}, {"a", Size{CPU: 2, Memory: 2048}, ""},
		{"a", Size{}, "already has this size"}, {"a", Size{CPU: 2, Memory: 1024, VolumeSize: 10}, "already has this size"},
		{"a", Size{CPU: 4, VolumeSize: 9}, "cannot shrink"}, {"a", Size{CPU: -1}, "positive"},
		{"dry", Size{VolumeSize: 1}, "has no volume"}, {"a-replica", Size{CPU: 4}, "together with its master"}, {"z", Size{CPU: 4}, `no role "z"`},
	} {
		requireRefusal(t, tc.want, MayScale(v, tc.role, tc.size))
	}
}

func TestMayUpgrade(t *testing.T) {
	t.Parallel()
	at := func(name string, mounts ...string) specs.Role {
		return specs.Role{Name: name, Volume: &specs.Volume{Size: 1, MountPoints: mounts}}
	}
	old := &specs.Cluster{Roles: []specs.Role{at("a", "/data"), {Name: "b"}}}
	next := func(roles ...specs.Role) *specs.Cluster {
		return &specs.Cluster{UpgradePolicy: []string{"1"}, Roles: roles}
	}
	requireRefusal(t, "", MayUpgrade("1", old, "2", next(at("a", "/data"), specs.Role{Name: "b"})))
	requireRefusal(t, "already", MayUpgrade("2", old, "2", next(at("a", "/data"), specs.Role{Name: "b"})))
	requireRefusal(t, "not from 0", MayUpgrade("0", old, "2", next(at("a", "/data"), specs.Role{Name: "b"})))
	all := MayUpgrade("0", old, "2", next(at("a", "/log"), specs.Role{Name: "c"}))
	for _, why := range []string{"not from 0", "mount points [/data], but [/log]", `lacks role "b"`, `adds role "c"`} {
		requireRefusal(t, why, all)
	}
}

func TestMayAndMayRestart(t *testing.T) {
	t.Parallel()
	every := []State{Creating, Active, Stopped, Failed, UpgradeFailed, Deleting}
	for _, p := range Catalogue {
		operation, from := p.Op, p.From
		if from == nil {
			continue
		}
		for _, s := range every {
			refusal := May(operation, s)
			require.Equal(t, slices.Contains(from, s), refusal == nil, "%s from %s", operation, s)
			if refusal != nil {
				require.NotEmpty(t, refusal.Hint)
			}
		}
	}
	for _, s := range every {
		require.Nil(t, May(OpDeleteCluster, s), "DeleteCluster works from every state")
	}
	name := "z"
	require.Nil(t, MayRestart(View{}, nil))
	requireRefusal(t, `no role "z"`, MayRestart(View{Roles: []RoleView{{Name: "a"}}}, &name))
}

func TestAfterDeath(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		rec  Record
		want State
	}{
		{"nothing was stopped", Record{State: Active, Operation: Operation{Type: OpAddNodes}}, Active},
		{"services may be stopped", Record{State: Active, Operation: Operation{Type: OpScaleVertical}}, Stopped},
		{"so with every operation that stops", Record{State: Active, Operation: Operation{Type: OpDeleteNodes}}, Stopped},
		{"it had not begun itself", Record{State: Active, Operation: Operation{Type: OpStopCluster, Clearing: true}}, Active},
		{"an upgrade has a way back", Record{State: Active, Operation: Operation{Type: OpUpgradeCluster}, Target: &Version{}}, UpgradeFailed},
		{"a creation stays one", Record{State: Creating, Operation: Operation{Type: OpCreateCluster}}, Creating},
		{"a deletion past its guards too", Record{State: Deleting, Operation: Operation{Type: OpDeleteCluster}}, Deleting},
	} {
		require.Equal(t, tc.want, AfterDeath(&tc.rec), tc.name)
	}
}

func TestOnceStopped(t *testing.T) {
	t.Parallel()
	require.Equal(t, Stopped, OnceStopped(Active))
	require.Equal(t, Stopped, OnceStopped(Stopped))
	require.Equal(t, UpgradeFailed, OnceStopped(UpgradeFailed), "it may only go back")
}

func TestUnfinishedAndStale(t *testing.T) {
	t.Parallel()
	require.False(t, Unfinished(&Record{}))
	for _, rec := range []Record{{Adding: []string{"a"}}, {Deleting: []string{"a"}}, {VerticalScaling: []string{"r"}}, {Releasing: []string{"a"}}} {
		require.True(t, Unfinished(&rec))
	}
	require.Equal(t, []string{"a", "b", "c"}, Stale(&Record{Adding: []string{"a", "b"}, Releasing: []string{"b", "c"}, Deleting: []string{"d"}}))
}

func TestExtend(t *testing.T) {
	t.Parallel()
	spec := &specs.Cluster{Roles: []specs.Role{
		{Name: "m", Replica: 2, ServerIDUpperBound: 12}, {Name: "m-replica", ReplicaOf: "m"}, {Name: "b"},
	}}
	living := []Node{{Role: "m", SID: 1, GID: 1}, {Role: "m-replica", SID: 4, GID: 1}, {Role: "m-replica", SID: 6, GID: 3}, {Role: "b", SID: 9, GID: 9}}
	nodes, err := Extend(spec, living, "m", 2, &counted{})
	require.NoError(t, err)
	require.Equal(t, []string{"m 7/4", "m 8/5", "m-replica 9/4", "m-replica 10/5", "m-replica 11/4", "m-replica 12/5"}, toldNodes(nodes))
	_, err = Extend(spec, living, "m", 3, &counted{})
	require.ErrorContains(t, err, "server_id_upper_bound is 12")
	_, err = Extend(spec, living, "z", 1, &counted{})
	require.ErrorContains(t, err, `no role "z"`)
}

func TestUpgradeOrderAndLists(t *testing.T) {
	t.Parallel()
	v := View{Roles: []RoleView{role("a", 2, 2, service(ServiceUpgrade, 1)), role("b", 1, 1, service(ServiceUpgrade, 1)), role("c", 5, 1)}}
	require.Equal(t, []string{"c5", "b1", "a2", "a3"}, v.UpgradeOrder())
	require.Equal(t, []string{"c", "a", "b"}, Complete([]string{"c", "x"}, []string{"a", "b", "c"}))
	require.Equal(t, []string{"c", "a"}, Common([]string{"c", "x", "a"}, []string{"a", "b", "c"}))
	family := View{Roles: []RoleView{role("a", 1, 1), role("z", 1, 1), func() RoleView { r := role("a-r", 2, 1); r.ReplicaOf = "a"; return r }()}}
	require.Equal(t, []string{"a", "a-r"}, family.FamilyRoles("a"))
	require.Equal(t, []string{"a1", "a-r2"}, IDsOf(family.Family("a")))
	require.Equal(t, []string{"z1"}, IDsOf(family.Refs(family.Among(func(r RoleView) bool { return r.Name == "z" }))))
}

func TestS4LimitTakesAPartOfWhatWasChosen(t *testing.T) {
	t.Parallel()
	v := View{Roles: []RoleView{role("a", 1, 3, with(service("start", 1), func(s *ServiceView) { s.NodesToExecuteOn = 2 })), role("b", 1, 1, service("start", 0))}}
	stage := v.Stage("start", Command, nil, nil)
	require.Equal(t, "1: a[2]", told(stage.Limit(Only([]string{"a2"}))))
	require.Empty(t, told(stage.Limit(Only([]string{"a3"}))), "a3 is none of the first two")
	require.Equal(t, told(stage), told(stage.Limit(nil)))
}

func TestRearranged(t *testing.T) {
	t.Parallel()
	order, family := []string{"b1", "a1", "b2", "a2", "a3"}, []string{"a1", "a2", "a3"}
	require.Equal(t, []string{"b1", "a3", "b2", "a1", "a2"}, Rearranged(order, []string{"a3", "b2", "x"}, family))
	require.Equal(t, order, Rearranged(order, nil, family))
	require.Equal(t, []string{"b1", "a1"}, Rearranged([]string{"b1", "a1"}, []string{"a3", "a1"}, family), "a node the order does not have")
}
