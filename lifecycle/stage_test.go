package lifecycle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// role makes a role of n nodes whose sids start at first.
func role(name string, first, n int, services ...ServiceView) RoleView {
	r := RoleView{Name: name, Services: services}
	for i := range n {
		r.Nodes = append(r.Nodes, NodeRef{ID: fmt.Sprintf("%s%d", name, first+i), SID: first + i})
	}
	return r
}

func service(name string, order int) ServiceView {
	return ServiceView{Name: name, Order: order, Timeout: 600, HasCmd: true, AllowForce: true}
}

func with(s ServiceView, change func(*ServiceView)) ServiceView {
	change(&s)
	return s
}

// told writes a stage as "order: role[sids] role[sids]; order: ...".
func told(s Stage) string {
	var groups []string
	for _, g := range s.Groups {
		var runs []string
		for _, r := range g.Runs {
			runs = append(runs, fmt.Sprintf("%s[%s]", r.Role, SIDs(r.Nodes)))
		}
		groups = append(groups, fmt.Sprintf("%d: %s", g.Order, strings.Join(runs, " ")))
	}
	return strings.Join(groups, "; ")
}

func TestStage(t *testing.T) {
	t.Parallel()
	firstTwo := func(s *ServiceView) { s.NodesToExecuteOn = 2 }
	after := func(s *ServiceView) { s.PostStartService = true }
	replica := func(r RoleView, of string) RoleView { r.ReplicaOf = of; return r }
	for _, tc := range []struct {
		name  string
		roles []RoleView
		kind  Kind
		phase Phase
		among func(NodeRef) bool
		want  string
	}{
		{name: "S1 groups ascend by order, whatever the order of roles",
			roles: []RoleView{role("c", 1, 1, service("start", 2)), role("a", 1, 2, service("start", 0)), role("b", 1, 1, service("start", -1))},
			want:  "-1: b[1]; 0: a[1-2]; 2: c[1]"},
		{name: "S1 roles of one order are one group",
			roles: []RoleView{role("a", 1, 2, service("start", 1)), role("b", 1, 1, service("start", 1))},
			want:  "1: a[1-2] b[1]"},
		{name: "S3 a role without the service is skipped",
			roles: []RoleView{role("a", 1, 1, service("stop", 0)), role("b", 1, 1, service("start", 0))},
			want:  "0: b[1]"},
		{name: "S3 an empty command has nothing to run",
			roles: []RoleView{role("a", 1, 1, with(service("start", 0), func(s *ServiceView) { s.HasCmd = false }))},
			want:  ""},
		{name: "S4 the first k by sid",
			roles: []RoleView{role("a", 3, 4, with(service("start", 0), firstTwo))},
			want:  "0: a[3-4]"},
		{name: "S4 a role and its replica role count together",
			roles: []RoleView{
				role("a", 1, 1, with(service("start", 0), firstTwo)),
				replica(role("a-replica", 2, 3, with(service("start", 0), firstTwo)), "a"),
			},
			want: "0: a[1] a-replica[2]"},
		{name: "S4 masters alone fill k, replicas get nothing",
			roles: []RoleView{
				role("a", 1, 3, with(service("start", 0), firstTwo)),
				replica(role("a-replica", 4, 3, with(service("start", 0), firstTwo)), "a"),
			},
			want: "0: a[1-2]"},
		{name: "S4 is chosen among the nodes the step is about",
			roles: []RoleView{role("a", 1, 5, with(service("start", 0), firstTwo))},
			among: func(n NodeRef) bool { return n.SID > 2 },
			want:  "0: a[3-4]"},
		{name: "S4 more than there are means all",
			roles: []RoleView{role("a", 1, 2, with(service("start", 0), func(s *ServiceView) { s.NodesToExecuteOn = 9 }))},
			want:  "0: a[1-2]"},
		{name: "S8 pre_check runs on the same nodes",
			roles: []RoleView{
				role("a", 1, 3, with(service("start", 1), func(s *ServiceView) { s.HasPreCheck = true; s.NodesToExecuteOn = 1 })),
				role("b", 1, 3, service("start", 0)),
			},
			kind: PreCheck,
			want: "1: a[1]"},
		{name: "S9 phases take the roles whose flag puts them there: before",
			roles: []RoleView{role("a", 1, 1, with(service("start", 0), after)), role("b", 1, 1, service("start", 0))},
			phase: BeforeStart,
			want:  "0: b[1]"},
		{name: "S9 phases take the roles whose flag puts them there: after",
			roles: []RoleView{role("a", 1, 1, with(service("start", 0), after)), role("b", 1, 1, service("start", 0))},
			phase: AfterStart,
			want:  "0: a[1]"},
		{name: "a role without nodes has no run",
			roles: []RoleView{role("a", 1, 0, service("start", 0)), role("b", 1, 1, service("start", 1))},
			want:  "1: b[1]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.kind == "" {
				tc.kind = Command
			}
			require.Equal(t, tc.want, told(View{Roles: tc.roles}.Stage("start", tc.kind, tc.phase, tc.among)))
		})
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	slow := with(service("start", 0), func(s *ServiceView) { s.Timeout = 900 })
	g := View{Roles: []RoleView{role("a", 1, 2, service("start", 0)), role("b", 1, 1, slow)}}.Stage("start", Command, nil, nil).Groups[0]
	require.Equal(t, []string{"a1", "a2", "b1"}, g.NodeIDs())
	require.Equal(t, 900, g.Timeout())
}

func TestSIDs(t *testing.T) {
	t.Parallel()
	for want, sids := range map[string][]int{"": nil, "4": {4}, "1-3": {2, 1, 3}, "1-2,5,7-9": {9, 1, 8, 5, 2, 7}} {
		var nodes []NodeRef
		for _, s := range sids {
			nodes = append(nodes, NodeRef{SID: s})
		}
		require.Equal(t, want, SIDs(nodes))
	}
}
