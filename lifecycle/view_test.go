package lifecycle

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

func record() *Record {
	return &Record{
		ClusterID: "cl-1", State: Active, EverActive: true, Operation: Operation{Seq: 4},
		Spec: &specs.Cluster{
			Secrets: []string{"hunter2", "hunter2-and-more"},
			Roles: []specs.Role{{
				Name: "a", AgentInstalled: true,
				Services: map[string]specs.Service{
					"stop":  {Name: "stop", Cmd: "halt", Timeout: 10},
					"init":  {Name: "init", Cmd: "setup --password hunter2-and-more", Timeout: 20, PreCheck: "test -f hunter2", PostStartService: true},
					"start": {Name: "start", Timeout: 600},
				},
				CustomMetadata: &specs.CustomMetadata{Cmd: "cat key"},
			}},
		},
		Nodes: []Node{{ID: "n2", Role: "a", SID: 2}, {ID: "n1", Role: "a", SID: 1}},
	}
}

func TestViewKeepsCommandTextsOut(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(ViewOf(record(), false))
	require.NoError(t, err)
	for _, text := range []string{"halt", "setup", "hunter2", "cat key"} {
		require.NotContains(t, string(data), text)
	}
}

func TestViewWithCommandsHidesSecrets(t *testing.T) {
	t.Parallel()
	v := ViewOf(record(), true)
	s, ok := v.Roles[0].Service("init")
	require.True(t, ok)
	require.Equal(t, "setup --password ******", s.Cmd)
	require.Equal(t, "test -f ******", s.PreCheckCmd)
}

func TestView(t *testing.T) {
	t.Parallel()
	v := ViewOf(record(), false)
	require.Equal(t, []string{"n1", "n2"}, v.NodeIDs(), "nodes go by sid")
	require.Equal(t, 4, v.Seq)
	require.True(t, v.Defines("init", AfterStart))
	require.False(t, v.Defines("init", BeforeStart))
	require.False(t, v.Defines("destroy", nil))
	require.True(t, v.Defines(ServiceCustomMetadata, nil))
	s, _ := v.Roles[0].Service("start")
	require.False(t, s.HasCmd, "an empty command is defined and has nothing to run")
}

func TestViewOfAThousandNodesIsSmall(t *testing.T) {
	t.Parallel()
	rec := record()
	rec.Nodes = nil
	for i := range 1000 {
		rec.Nodes = append(rec.Nodes, Node{ID: fmt.Sprintf("cln-%08d", i), Role: "a", SID: i + 1})
	}
	data, err := json.Marshal(ViewOf(rec, false))
	require.NoError(t, err)
	require.Less(t, len(data), 64<<10)
}

func TestRoleSpec(t *testing.T) {
	t.Parallel()
	rec := record()
	s, ok := RoleSpec(rec.Spec, "a", ServiceCustomMetadata)
	require.True(t, ok)
	require.Equal(t, specs.Service{Name: ServiceCustomMetadata, Cmd: "cat key", Timeout: DefaultTimeout}, s)
	_, ok = RoleSpec(rec.Spec, "a", "backup")
	require.False(t, ok)
	_, ok = RoleSpec(rec.Spec, "b", "init")
	require.False(t, ok)
}

func TestMayDelete(t *testing.T) {
	t.Parallel()
	guarded := func(state State, ever, allow bool) View {
		return View{State: state, EverActive: ever, Roles: []RoleView{{Name: "a", Services: []ServiceView{{Name: "destroy", AllowForce: allow}}, Nodes: []NodeRef{{ID: "n", SID: 1}}}}}
	}
	for _, tc := range []struct {
		name   string
		view   View
		force  bool
		linked []Linking
		want   string
	}{
		{name: "without force nothing is refused up front", view: guarded(Active, true, false)},
		{name: "but a cluster others link to", view: guarded(Active, true, true), linked: []Linking{{ClusterID: "cl-b", Names: []string{"zk"}}, {ClusterID: "cl-c", Names: []string{"zk"}}},
			want: "other clusters link to it: cl-b (link zk), cl-c (link zk)"},
		{name: "also when it is stopped", view: guarded(Stopped, true, true), linked: []Linking{{ClusterID: "cl-b", Names: []string{"zk"}}},
			want: "other clusters link to it: cl-b (link zk)"},
		{name: "force goes past links", view: guarded(Active, true, true), force: true, linked: []Linking{{ClusterID: "cl-b", Names: []string{"zk"}}}},
		{name: "what is being released cannot be kept for others", view: guarded(Deleting, true, true), linked: []Linking{{ClusterID: "cl-b", Names: []string{"zk"}}}},
		{name: "force where roles allow it", view: guarded(Active, true, true), force: true},
		{name: "force where a role does not allow it", view: guarded(Active, true, false), force: true,
			want: `force is not allowed: the destroy service of role "a" has allow_force: false`},
		{name: "a cluster that never was active has no guard to force", view: guarded(Failed, false, false), force: true},
		{name: "nor has one whose guard was passed", view: guarded(Deleting, true, false), force: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			refusal := MayDelete(tc.view, tc.force, tc.linked)
			if tc.want == "" {
				require.Nil(t, refusal)
				return
			}
			require.EqualError(t, refusal, tc.want)
			require.NotEmpty(t, refusal.Hint)
		})
	}
}
