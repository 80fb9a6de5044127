package reads_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/fault"
	"drover/lifecycle"
	"drover/remote/target"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestDescribeClusterShowsNodesAndNoSecrets(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(3)
	_, err := w.Change(func(rec *lifecycle.Record) error {
		require.Contains(t, world.JSON(t, rec), world.Secret, "the record itself has it")
		rec.Spec.Env = map[string]string{"password": world.Secret}
		rec.Values["env.other_password"] = world.Secret
		rec.Nodes[0].Token = world.Secret
		return nil
	})
	require.NoError(t, err)
	rec := w.Record()
	w.Agents.Broken[rec.Nodes[1].ID] = true
	view, err := w.Acts.Reads.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: world.ClusterID, Agents: true})
	require.NoError(t, err)
	require.NotContains(t, world.JSON(t, view), world.Secret)
	require.Equal(t, []api.Endpoint{{Name: "client", Port: "2379", Protocol: "tcp"}}, view.Endpoints)
	require.Len(t, view.Nodes, 3)
	require.Equal(t, "revision 1", view.Nodes[0].Agent)
	require.Contains(t, view.Nodes[1].Agent, "unreachable: ")
	require.Equal(t, rec.Nodes[1].IP, view.Nodes[1].IP)
	require.Equal(t, 3, view.NodeCount)

	asked := w.Agents.Asked()
	silent, err := w.Acts.Reads.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Equal(t, asked, w.Agents.Asked(), "no agent is asked")
	for i := range view.Nodes {
		view.Nodes[i].Agent, view.Nodes[i].Health = "", ""
	}
	require.Equal(t, 1, view.Health.Silent)
	require.Contains(t, view.Refuses, api.StartCluster, "it is active")
	view.Health = nil
	require.Equal(t, view, silent)

	list, err := w.Acts.Reads.ListClusters(t.Context(), api.ListClustersInput{})
	require.NoError(t, err)
	require.Len(t, list.Clusters, 1)
	require.Empty(t, list.Clusters[0].Nodes)
	require.NotContains(t, world.JSON(t, list), world.Secret)

	_, err = w.Acts.Reads.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: "cl-unknown0"})
	w.RequireFault(fault.NotFound, err)
}

func TestDescribeClusterBeforeThereAreMachines(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Cluster(1)
	view, err := w.Acts.Reads.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: world.ClusterID, Agents: true})
	require.NoError(t, err)
	require.Equal(t, "no machine yet", view.Nodes[0].Agent)
	require.Equal(t, "creating", view.State)
}

func TestListClustersWhenThereAreNone(t *testing.T) {
	t.Parallel()
	list, err := world.New(t).Acts.Reads.ListClusters(t.Context(), api.ListClustersInput{})
	require.NoError(t, err)
	require.Equal(t, `{"clusters":[],"matching":0,"total":0}`, world.JSON(t, list))
}

func TestHealthIsAskedForOnRequestAlone(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(3)
	asked := w.Agents.Asked()
	list, err := w.Acts.Reads.ListClusters(t.Context(), api.ListClustersInput{})
	require.NoError(t, err)
	require.Nil(t, list.Clusters[0].Health)
	require.Equal(t, asked, w.Agents.Asked())

	// A machine that is off is not an SSH error.
	w.Provider.Crash(rec.Nodes[0].InstanceID, false)
	w.Agents.Broken[rec.Nodes[0].ID] = true
	w.Agents.Broken[rec.Nodes[1].ID] = true
	list, err = w.Acts.Reads.ListClusters(t.Context(), api.ListClustersInput{Health: true})
	require.NoError(t, err)
	require.Equal(t, 1, list.Clusters[0].Health.Off)
	require.Equal(t, 1, list.Clusters[0].Health.Silent)
	view, err := w.Acts.Reads.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: world.ClusterID, Agents: true})
	require.NoError(t, err)
	require.Equal(t, "off", view.Nodes[0].Agent)
}

// The way into nodes is told on request alone: the key is named, not shown.
func TestTheWayIntoNodes(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Deps.Identity = "/state/id_ed25519"
	w.Acts = activities.New(w.Deps)
	rec := w.Running(2)
	rec.Nodes[1].SSH.KeyFile, rec.Nodes[1].SSH.Jump = "/keys/two", &target.Target{Addr: "bastion:22", User: "in", HostKey: "ssh-ed25519 B"}
	w.Put(rec)
	view, err := w.Acts.Reads.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Nil(t, view.Nodes[0].SSH)
	view, err = w.Acts.Reads.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: world.ClusterID, SSH: true})
	require.NoError(t, err)
	one, two := rec.Nodes[0].SSH, rec.Nodes[1].SSH
	require.Equal(t, &api.NodeSSH{SSHServer: api.SSHServer{Address: one.Addr, User: one.User, HostKey: one.HostKey, KeyFile: "/state/id_ed25519"}}, view.Nodes[0].SSH)
	require.Equal(t, &api.NodeSSH{
		SSHServer: api.SSHServer{Address: two.Addr, User: two.User, HostKey: two.HostKey, KeyFile: "/keys/two"},
		Jump:      &api.SSHServer{Address: "bastion:22", User: "in", HostKey: "ssh-ed25519 B", KeyFile: "/state/id_ed25519"},
	}, view.Nodes[1].SSH)
}
