package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/machines"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

// An attempt that waited for the record in a cut connection, until another one and a whole operation had followed, does
// nothing to machines that are there now.
func TestMachinesAreLeftAloneByAttemptsThatAreOver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		activity func(*activities.Activities) any
		input    func(machines.NodesInput) any
	}{
		activities.Provision: {func(a *activities.Activities) any { return a.Machines.Provision }, func(in machines.NodesInput) any { return in }},
		activities.Power:     {func(a *activities.Activities) any { return a.Machines.Power }, func(in machines.NodesInput) any { return machines.PowerInput{NodesInput: in} }},
		activities.Resize: {func(a *activities.Activities) any { return a.Machines.Resize }, func(in machines.NodesInput) any {
			return machines.ResizeInput{NodesInput: in, Size: lifecycle.Size{CPU: 7}}
		}},
		activities.Grow: {func(a *activities.Activities) any { return a.Machines.Grow }, func(in machines.NodesInput) any {
			return machines.ResizeInput{NodesInput: in, Size: lifecycle.Size{VolumeSize: 70}}
		}},
		activities.Replace:      {func(a *activities.Activities) any { return a.Machines.Replace }, func(in machines.NodesInput) any { return machines.ReplaceInput{NodesInput: in, To: machines.FreshRoot} }},
		activities.ReleaseNodes: {func(a *activities.Activities) any { return a.Machines.ReleaseNodes }, func(in machines.NodesInput) any { return machines.ReleaseNodesInput{NodesInput: in, Attempts: 9} }},
		activities.Release: {func(a *activities.Activities) any { return a.Machines.Release }, func(in machines.NodesInput) any {
			return machines.ReleaseInput{ClusterID: in.ClusterID, RunID: "run-1"}
		}},
		activities.EndStrays: {func(a *activities.Activities) any { return a.Agents.EndStrays }, func(in machines.NodesInput) any { return agents.StraysInput(in) }},
	} {
		for word, answer := range map[string]error{"given up": serviceerror.NewNotFound("no such task"), "it continues": nil} {
			t.Run(name+"/"+word, func(t *testing.T) {
				t.Parallel()
				w := world.New(t)
				rec := w.Running(2)
				for i := range rec.Nodes {
					rec.Nodes[i].NextInstanceID = rec.Nodes[i].InstanceID + "-next"
				}
				_, index, err := w.Store.Record(t.Context(), world.ClusterID)
				require.NoError(t, err)
				_, err = w.Store.PutRecord(t.Context(), rec, index)
				require.NoError(t, err)
				before, err := w.Provider.List(t.Context(), world.ClusterID)
				require.NoError(t, err)
				asked := &world.Server{Answers: []error{answer}}
				w.Deps.Temporal = asked
				env := world.Environment()
				env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Faults()}})
				env.RegisterActivityWithOptions(tc.activity(activities.New(w.Deps)), activity.RegisterOptions{Name: name})
				_, err = env.ExecuteActivity(name, tc.input(machines.NodesInput{ClusterID: world.ClusterID, Nodes: world.IDs(rec)}))
				require.Positive(t, asked.Asked.Load())
				if answer == nil {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, "this attempt is over")
				after, err := w.Provider.List(t.Context(), world.ClusterID)
				require.NoError(t, err)
				require.Equal(t, before, after)
				now := w.Record()
				require.Equal(t, rec.Nodes, now.Nodes)
			})
		}
	}
}

// An attempt whose worker was stopped for longer than the rest of the operation would make its change to the record again: the
// record is still its run's. The next operation would then clear what no operation has left.
func TestRecordsAreLeftAloneByAttemptsThatAreOver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		activity func(*activities.Activities) any
		input    func(rec *lifecycle.Record) any
	}{
		activities.BeginOperation: {func(a *activities.Activities) any { return a.Records.BeginOperation }, func(rec *lifecycle.Record) any {
			return records.BeginInput{ClusterID: rec.ClusterID, RunID: rec.Operation.RunID, Type: api.DeleteNodes, Remove: &api.DeleteNodesInput{Nodes: []string{rec.Nodes[1].ID}}}
		}},
		activities.Publish: {func(a *activities.Activities) any { return a.Publish.Publish }, func(rec *lifecycle.Record) any {
			return publish.PublishInput{
				ClusterID: rec.ClusterID, RunID: rec.Operation.RunID, Revision: rec.Revision + 1,
				Change: &publish.Change{Deleting: &[]string{rec.Nodes[1].ID}},
			}
		}},
		activities.PublishEnv: {func(a *activities.Activities) any { return a.Publish.PublishEnv }, func(rec *lifecycle.Record) any {
			return publish.EnvInput{ClusterID: rec.ClusterID, RunID: rec.Operation.RunID, Revision: rec.Revision + 1}
		}},
		activities.PrepareCreate: {func(a *activities.Activities) any { return a.Records.PrepareCreate }, func(rec *lifecycle.Record) any {
			return records.PrepareCreateInput{ClusterID: "cl-0therone", RunID: "over", Create: api.CreateClusterInput{App: rec.AppID, Version: rec.VersionID}}
		}},
		activities.EditCluster: {func(a *activities.Activities) any { return a.Records.EditCluster }, func(rec *lifecycle.Record) any {
			return api.EditClusterInput{ClusterID: rec.ClusterID, Name: "late"}
		}},
		activities.EndOperation: {func(a *activities.Activities) any { return a.Records.EndOperation }, func(rec *lifecycle.Record) any {
			return records.EndInput{ClusterID: rec.ClusterID, RunID: rec.Operation.RunID, Outcome: api.OpFailed, ClusterState: lifecycle.Stopped}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world.New(t)
			rec := w.Running(2)
			w.Deps.Temporal = &world.Server{Answers: []error{serviceerror.NewNotFound("no such task")}}
			env := world.Environment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Faults()}})
			env.RegisterActivityWithOptions(tc.activity(activities.New(w.Deps)), activity.RegisterOptions{Name: name})
			_, err := env.ExecuteActivity(name, tc.input(rec))
			require.ErrorContains(t, err, "this attempt is over")
			require.Equal(t, rec, w.Record())
			_, _, err = w.Store.Record(t.Context(), "cl-0therone")
			require.True(t, fault.Is(err, fault.NotFound), err)
		})
	}
}
