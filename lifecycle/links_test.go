package lifecycle

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

func linking(id string, state State, links map[string]string) *Record {
	return &Record{ClusterID: id, State: state, Spec: &specs.Cluster{Links: links}}
}

func TestLinkedBy(t *testing.T) {
	t.Parallel()
	all := []*Record{
		linking("cl-z", Stopped, map[string]string{"two": "cl-up", "one": "cl-up", "other": "cl-else"}),
		linking("cl-up", Active, map[string]string{"self": "cl-up"}),
		linking("cl-b", Failed, map[string]string{"zk": "cl-up"}),
		linking("cl-c", Active, map[string]string{"zk": "cl-else", "none": ""}),
		linking("cl-gone", Deleting, map[string]string{"zk": "cl-up"}),
		{ClusterID: "cl-early", State: Creating},
	}
	require.Equal(t, []Linking{{ClusterID: "cl-b", Names: []string{"zk"}}, {ClusterID: "cl-z", Names: []string{"one", "two"}}}, LinkedBy("cl-up", all))
	require.Equal(t, "cl-b (link zk), cl-z (links one, two)", TellLinks(LinkedBy("cl-up", all)))
	require.Empty(t, LinkedBy("cl-none", all))
	require.Empty(t, LinkedBy("cl-c", all))

	var many []Linking
	for i := range 23 {
		many = append(many, Linking{ClusterID: fmt.Sprintf("cl-%02d", i), Names: []string{"l"}})
	}
	require.Contains(t, TellLinks(many), "cl-19 (link l), and 3 more")
	require.NotContains(t, TellLinks(many), "cl-20")
}

func TestLinkProblem(t *testing.T) {
	t.Parallel()
	at := func(state State, o Operation) *Record { return &Record{State: state, Operation: o} }
	for _, tc := range []struct {
		name   string
		target *Record
		want   string
	}{
		{"no such cluster", nil, "cluster cl-up does not exist"},
		{"active", at(Active, Operation{Type: OpCreateCluster, State: "succeeded"}), ""},
		{"active and growing", at(Active, Operation{Type: OpAddNodes, State: "running"}), ""},
		{"not created yet", at(Creating, Operation{Type: OpCreateCluster, State: "running"}), "cluster cl-up is creating, not active"},
		{"stopped", at(Stopped, Operation{}), "cluster cl-up is stopped, not active"},
		{"its guard is being asked", at(Active, Operation{Type: OpDeleteCluster, State: "running"}), "cluster cl-up is being deleted"},
		{"its guard has refused", at(Active, Operation{Type: OpDeleteCluster, State: "failed"}), ""},
	} {
		require.Equal(t, tc.want, LinkProblem("cl-up", tc.target), tc.name)
	}
}
