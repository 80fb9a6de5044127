package workflows_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

func TestSP1SP2StopAndST1toST3Start(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start order=1", "stop"), with(nodes("b", 1, "start", "stop order=1"), "user_access", true))
	w.create("app")
	before, old := len(w.commands()), w.record()
	w.start1(api.StopCluster, api.StopClusterInput{})
	requireOrder(t, []string{"SP1 stop a/1", "SP1 stop b/1"}, w.commands()[before:])
	require.Equal(t, lifecycle.Stopped, w.record().State)
	require.True(t, w.record().PoweredOff)
	for _, i := range w.provider.Everything().Instances {
		require.Equal(t, providers.Off, i.State)
	}
	require.Len(t, w.provider.Everything().Volumes, 2, "volumes are kept")
	w.sound()

	before = len(w.commands())
	w.start1(api.StartCluster, api.StartClusterInput{})
	requireOrder(t, []string{"ST3 start b/1", "ST3 start a/1"}, w.commands()[before:])
	require.NotEqual(t, old.Nodes[0].InstanceID, w.node("a", 1).InstanceID, "without user_access the root disk is a fresh one")
	require.Equal(t, old.Nodes[1].InstanceID, w.node("b", 1).InstanceID, "with user_access it is kept")
	require.Equal(t, old.Nodes[0].VolumeIDs, w.node("a", 1).VolumeIDs)
	w.sound()
}

func TestSP1FailureLeavesTheMachinesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start", "stop"))
	w.create("app")
	w.refuse("stop", "a")
	require.Equal(t, "stop", w.start(api.StopCluster, api.StopClusterInput{}).fault().Service)
	require.Equal(t, lifecycle.Stopped, w.record().State)
	require.False(t, w.record().PoweredOff)
	w.start1(api.StartCluster, api.StartClusterInput{})
	w.sound()
}

func TestDC1APoweredOffClusterIsBootedForItsGuard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start", "stop", "destroy"))
	w.create("app")
	w.start1(api.StopCluster, api.StopClusterInput{})
	w.refuse("destroy", "a")
	before := len(w.commands())
	f := w.start(api.DeleteCluster, api.DeleteClusterInput{}).fault()
	require.Equal(t, "destroy", f.Service)
	require.Contains(t, f.Hint, "start the cluster (drover start "+clusterID+")", "its services were not started")
	require.Equal(t, []string{"DC5 destroy a/1"}, w.commands()[before:])
	require.False(t, w.record().PoweredOff)
	require.Equal(t, lifecycle.Stopped, w.record().State)
	w.provider.On(fakeprovider.Rule{Method: "StartInstance", Fault: fault.New(fault.Invalid, "broken")})
	w.start1(api.DeleteCluster, api.DeleteClusterInput{Force: true})
	w.nothingLeft()
}

func TestDC2APoweredOffClusterWithoutGuardIsReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start", "stop"))
	w.create("app")
	w.start1(api.StopCluster, api.StopClusterInput{})
	before := len(w.commands())
	w.start1(api.DeleteCluster, api.DeleteClusterInput{})
	require.Len(t, w.commands(), before, "there is nothing to stop")
	w.nothingLeft()
}

func TestRS1toRS3Restart(t *testing.T) {
	t.Parallel()
	a, replica, none := "a", "a-replica", "z"
	for name, tc := range map[string]struct {
		role *string
		want []string
	}{
		"all":       {nil, []string{"RS1 restart b/1", "RS2 stop a/1 + RS2 stop a-replica/2", "RS3 start a/1 + RS3 start a-replica/2"}},
		"a role":    {&a, []string{"RS2 stop a/1 + RS2 stop a-replica/2", "RS3 start a/1 + RS3 start a-replica/2"}},
		"replicas":  {&replica, []string{"RS2 stop a-replica/2", "RS3 start a-replica/2"}},
		"no such":   {&none, nil},
		"it failed": {nil, []string{"RS1 restart b/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish("app", with(nodes("a", 1, "start", "stop"), "replica", 1), nodes("b", 1, "start", "stop", "restart"))
			w.create("app")
			before := len(w.commands())
			if name == "it failed" {
				w.refuse("restart", "b")
			}
			r := w.start(api.RestartCluster, api.RestartClusterInput{Role: tc.role})
			requireOrder(t, tc.want, w.commands()[before:])
			w.sound()
			switch name {
			case "it failed":
				require.Equal(t, lifecycle.Stopped, w.record().State, "it is not known whether it runs")
				w.start1(api.StartCluster, api.StartClusterInput{})
				w.sound()
			case "no such":
				require.Equal(t, fault.NotAllowed, r.fault().Type)
			default:
				require.NoError(t, r.err)
			}
		})
	}
}

// Machines that are off or gone are there again, and start runs where they were taken or made, and nowhere else.
func TestRP1toRP5Repair(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		harm   func(w *world)
		nodes  func(w *world) []string
		steps  []string
		starts []string
	}{
		"nothing is wrong": {func(*world) {}, nil, []string{"RP3", "RP4"}, nil},
		"machine is off": {func(w *world) {
			require.NoError(t, w.provider.StopInstance(t.Context(), w.node("b", 1).InstanceID))
		}, func(w *world) []string { return []string{w.node("b", 1).ID} },
			[]string{"RP1", "RP2", "RP3", "RP4", "RP5"}, []string{"RP5 start b/1"}},
		"machine is gone": {func(w *world) { w.lose("a", 1) }, func(w *world) []string { return []string{w.node("a", 1).ID} },
			[]string{"RP1", "RP2", "RP3", "RP4", "RP5"}, []string{"RP5 start a/1"}},
		"of a stopped cluster": {func(w *world) {
			w.start1(api.StopCluster, api.StopClusterInput{})
			w.lose("a", 1)
		}, func(w *world) []string { return []string{w.node("a", 1).ID} }, []string{"RP1", "RP2", "RP3", "RP4"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			createStore(w)
			tc.harm(w)
			in := api.RepairClusterInput{}
			if tc.nodes != nil {
				in.Nodes = tc.nodes(w)
			}
			state, before := w.record().State, len(w.commands())
			r := w.start1(api.RepairCluster, in)
			var steps []string
			for _, s := range r.trace().Steps {
				steps = append(steps, s.ID)
			}
			require.Equal(t, tc.steps, slices.Compact(steps))
			requireOrder(t, tc.starts, w.commands()[before:])
			require.Equal(t, state, w.record().State)
			w.sound()
		})
	}
}

func TestRP1RepairOfANodeThatIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	f := w.start(api.RepairCluster, api.RepairClusterInput{Nodes: []string{"cln-00000000"}}).fault()
	require.Equal(t, fault.NotFound, f.Type)
	require.Equal(t, "cln-00000000", f.Node)
}

func TestOperationsFromWrongStates(t *testing.T) {
	t.Parallel()
	inputs := map[string]any{
		api.AddNodes: api.AddNodesInput{Role: "a", Count: 1}, api.DeleteNodes: api.DeleteNodesInput{Nodes: []string{"cln-00000000"}},
		api.ScaleVertical: api.ScaleVerticalInput{Role: "a", CPU: 2}, api.UpgradeCluster: api.UpgradeClusterInput{Version: "2"},
		api.DowngradeCluster: api.DowngradeClusterInput{}, api.StartCluster: api.StartClusterInput{}, api.StopCluster: api.StopClusterInput{},
		api.RestartCluster: api.RestartClusterInput{}, api.RunService: api.RunServiceInput{Service: "tidy"},
		api.RepairCluster: api.RepairClusterInput{},
		api.UpdateEnv:     api.UpdateEnvInput{Values: map[string]any{"env.quota": 3}},
	}
	for _, state := range []lifecycle.State{
		lifecycle.Creating, lifecycle.Active, lifecycle.Stopped, lifecycle.Failed, lifecycle.UpgradeFailed, lifecycle.Deleting,
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			createStore(w)
			rec, index, err := w.store.Record(t.Context(), clusterID)
			require.NoError(t, err)
			rec.State = state
			_, err = w.store.PutRecord(t.Context(), rec, index)
			require.NoError(t, err)
			ran := len(w.commands())
			for operation, input := range inputs {
				refusal := lifecycle.May(operation, state)
				if refusal == nil {
					continue
				}
				f := w.start(operation, input).fault()
				require.Equal(t, fault.NotAllowed, f.Type)
				require.Equal(t, refusal.Why, f.Message)
				require.NotEmpty(t, f.Hint)
				require.Equal(t, rec, w.record())
			}
			require.Len(t, w.commands(), ran)
		})
	}
}
