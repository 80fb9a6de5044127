package records_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

const other = "cl-other001"

func create(w *world.World, id string, in api.CreateClusterInput) error {
	in.App = "app"
	_, err := w.Acts.Records.PrepareCreate(w.Context(), records.PrepareCreateInput{ClusterID: id, RunID: "run of " + id, Create: in})
	return err
}

func TestNamesOfNewClusters(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.PublishApp(1)
	name := func(id string) string {
		rec, _, err := w.Store.Record(t.Context(), id)
		require.NoError(t, err)
		return rec.Name
	}
	require.NoError(t, create(w, other, api.CreateClusterInput{Values: map[string]any{"env.password": world.Secret}}))
	require.NoError(t, create(w, world.ClusterID, api.CreateClusterInput{Values: map[string]any{"env.password": world.Secret}}))
	require.Equal(t, name(other)+"-"+strings.TrimPrefix(world.ClusterID, "cl-"), name(world.ClusterID), "the package's own name gives way")

	err := create(w, "cl-third001", api.CreateClusterInput{Name: name(other), Values: map[string]any{"env.password": world.Secret}})
	require.Contains(t, w.RequireFault(fault.Conflict, err).Message, "is taken by cluster "+other)
	_, _, err = w.Store.Record(t.Context(), "cl-third001")
	require.True(t, fault.Is(err, fault.NotFound))

	require.NoError(t, create(w, "cl-third001", api.CreateClusterInput{
		Name: "订单", Labels: map[string]string{"team": "payments"}, Protected: true, Values: map[string]any{"env.password": world.Secret},
	}))
	rec, _, err := w.Store.Record(t.Context(), "cl-third001")
	require.NoError(t, err)
	require.Equal(t, "订单", rec.Name)
	require.Equal(t, map[string]string{"team": "payments"}, rec.Labels)
	require.True(t, rec.Protected)
}

func TestEditChangesWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Cluster(1)
	edit := func(in api.EditClusterInput) (api.ClusterDetails, error) {
		in.ClusterID = world.ClusterID
		return w.Acts.Records.EditCluster(t.Context(), in)
	}
	yes, no := true, false
	for _, step := range []struct {
		in   api.EditClusterInput
		want api.ClusterDetails
	}{
		{api.EditClusterInput{Name: "orders"}, api.ClusterDetails{Name: "orders"}},
		{api.EditClusterInput{Labels: map[string]string{"a": "1", "b": ""}}, api.ClusterDetails{Name: "orders", Labels: map[string]string{"a": "1", "b": ""}}},
		{api.EditClusterInput{Labels: map[string]string{"a": "2"}, RemoveLabels: []string{"b", "c"}}, api.ClusterDetails{Name: "orders", Labels: map[string]string{"a": "2"}}},
		{api.EditClusterInput{Protected: &yes}, api.ClusterDetails{Name: "orders", Labels: map[string]string{"a": "2"}, Protected: true}},
		{api.EditClusterInput{Protected: &no, RemoveLabels: []string{"a"}}, api.ClusterDetails{Name: "orders"}},
	} {
		got, err := edit(step.in)
		require.NoError(t, err)
		step.want.ClusterID = world.ClusterID
		if step.want.Labels == nil {
			step.want.Labels = map[string]string{}
		}
		require.Equal(t, step.want, got)
	}
	rec := w.Record()
	require.Equal(t, "orders", rec.Name)
	require.Empty(t, rec.Labels)

	namesake := rec
	namesake.ClusterID = other
	_, err := w.Store.PutRecord(t.Context(), namesake, 0)
	require.NoError(t, err)
	_, err = w.Acts.Records.EditCluster(t.Context(), api.EditClusterInput{ClusterID: other, Name: "invoices"})
	require.NoError(t, err)
	_, err = edit(api.EditClusterInput{Name: "invoices", Protected: &yes})
	w.RequireFault(fault.Conflict, err)
	require.False(t, w.Record().Protected, "all or nothing")
}

func TestAProtectedClusterIsNotDeletedAndNotForced(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct {
		in      records.BeginInput
		state   lifecycle.State
		refused string
	}{
		"delete":          {records.BeginInput{Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{}}, lifecycle.Active, "cannot be deleted"},
		"delete, planned": {records.BeginInput{Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{}, DryRun: true}, lifecycle.Active, "cannot be deleted"},
		"delete by force": {records.BeginInput{Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{Force: true}}, lifecycle.Stopped, "cannot be deleted"},
		"delete the rest": {records.BeginInput{Type: api.DeleteCluster, Delete: &api.DeleteClusterInput{}}, lifecycle.Deleting, ""},
		"a node by force": {records.BeginInput{Type: api.DeleteNodes, Remove: &api.DeleteNodesInput{Force: true}}, lifecycle.Active, "does not allow force"},
		"restart it":      {records.BeginInput{Type: api.RestartCluster, Restart: &api.RestartClusterInput{}}, lifecycle.Active, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := world.New(t)
			w.Cluster(3)
			before := w.Record()
			before.Protected, before.State, before.EverActive = true, tt.state, true
			w.Put(before)
			if tt.in.Remove != nil {
				tt.in.Remove.Nodes = []string{before.Nodes[2].ID}
			}
			tt.in.ClusterID, tt.in.RunID = world.ClusterID, "run-next"
			_, err := w.Acts.Records.BeginOperation(context.WithoutCancel(t.Context()), tt.in)
			if tt.refused == "" {
				require.NoError(t, err)
				return
			}
			f := w.RequireFault(fault.NotAllowed, err)
			require.Contains(t, f.Message, tt.refused)
			require.Contains(t, f.Hint, "drover unprotect "+world.ClusterID)
			require.Equal(t, before, w.Record(), "nothing is written")
		})
	}
}
