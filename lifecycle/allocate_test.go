package lifecycle

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

// counted makes predictable ids.
type counted struct{ n int }

func (c *counted) next(prefix string) string { c.n++; return fmt.Sprintf("%s-%08d", prefix, c.n) }
func (c *counted) Node() string              { return c.next("cln") }
func (c *counted) Instance() string          { return c.next("i") }
func (c *counted) Volume() string            { return c.next("vol") }
func (c *counted) GSID() int                 { c.n++; return 100_000_000 + c.n }

// told writes nodes as "role sid/gid".
func toldNodes(nodes []Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, fmt.Sprintf("%s %d/%d", n.Role, n.SID, n.GID))
	}
	return out
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		roles []specs.Role
		want  []string
		err   string
	}{
		{name: "role-less", roles: []specs.Role{{Count: 2}}, want: []string{" 1/1", " 2/2"}},
		{name: "sids count per role",
			roles: []specs.Role{{Name: "a", Count: 2}, {Name: "b", Count: 1}},
			want:  []string{"a 1/1", "a 2/2", "b 1/1"}},
		{name: "replicas share their master role's counter and each master's gid",
			roles: []specs.Role{{Name: "m", Count: 2, Replica: 2}, {Name: "m-replica", ReplicaOf: "m", Count: 4}},
			want:  []string{"m 1/1", "m 2/2", "m-replica 3/1", "m-replica 4/2", "m-replica 5/1", "m-replica 6/2"}},
		{name: "a role may start empty", roles: []specs.Role{{Name: "a"}, {Name: "b", Count: 1}}, want: []string{"b 1/1"}},
		{name: "server_id_upper_bound is the last sid allowed",
			roles: []specs.Role{{Name: "a", Count: 3, ServerIDUpperBound: 3}}, want: []string{"a 1/1", "a 2/2", "a 3/3"}},
		{name: "beyond server_id_upper_bound",
			roles: []specs.Role{{Name: "a", Count: 4, ServerIDUpperBound: 3}},
			err:   `role "a": 4 nodes need server ids up to 4, and server_id_upper_bound is 3`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			nodes, err := Allocate(&specs.Cluster{Roles: tc.roles}, &counted{})
			if tc.err != "" {
				require.EqualError(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, toldNodes(nodes))
		})
	}
}

func TestAllocateGivesEveryMountPointAVolume(t *testing.T) {
	t.Parallel()
	nodes, err := Allocate(&specs.Cluster{Roles: []specs.Role{
		{Name: "a", Count: 1, CPU: 2, Memory: 1024, Volume: &specs.Volume{Size: 10, MountPoints: []string{"/data", "/log"}}},
		{Name: "b", Count: 1},
	}}, &counted{})
	require.NoError(t, err)
	require.Len(t, nodes[0].VolumeIDs, 2)
	require.Equal(t, 10, nodes[0].VolumeSize)
	require.Empty(t, nodes[1].VolumeIDs)
	require.Zero(t, nodes[1].VolumeSize)
	require.Equal(t, 2, nodes[0].CPU)
	require.NotEqual(t, nodes[0].GSID, nodes[1].GSID)
}

func TestVolumeSizes(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{10}, VolumeSizes(10, 1))
	require.Equal(t, []int{4, 3, 3}, VolumeSizes(10, 3))
	require.Equal(t, []int{1, 1, 1}, VolumeSizes(2, 3))
	require.Empty(t, VolumeSizes(5, 0))
}

func TestExtendKeepsToTheLargestCluster(t *testing.T) {
	t.Parallel()
	spec := &specs.Cluster{Roles: []specs.Role{{Name: "a", Replica: 1}, {Name: "a-replica", ReplicaOf: "a"}}}
	_, err := Extend(spec, make([]Node, specs.MaxNodes-2), "a", 1, &counted{})
	require.NoError(t, err)
	_, err = Extend(spec, make([]Node, specs.MaxNodes-1), "a", 1, &counted{})
	require.EqualError(t, err, "the cluster would have 1251 nodes; at most 1250 are possible")
}
