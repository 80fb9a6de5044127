package workflows_test

import (
	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/workflows/api"
)

// scenario is one operation on a cluster that is ready for it. Tests that must hold for every operation go over all.
type scenario struct {
	name      string
	operation string
	prepare   func(w *world) // nil: the cluster of createStore, active
	input     func(w *world, dry bool) any
	// states the cluster may have after a failure, beside the one it had before: "" is gone.
	states []lifecycle.State
}

// createStore makes a cluster of the application "store": a role with replicas that defines every service, and a role
// that is asked in another order.
func createStore(w *world) {
	w.publishStore()
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "store", Version: "1"})
}

func (w *world) publishStore(more ...any) {
	w.publishAs("store", "1", scalable, w.storeRoles("1", more...)...)
	next := top{"upgrade_policy": []string{"1"}}
	for key, value := range scalable {
		next[key] = value
	}
	w.publishAs("store", "2", next, w.storeRoles("2", more...)...)
}

func (w *world) storeRoles(version string, more ...any) []map[string]any {
	a := nodes("a", 2, "init", "start", "stop", "destroy", "scale_out nodes_to_execute_on=1 pre_check=enough",
		"scale_in nodes_to_execute_on=1 pre_check=spare", "upgrade post_start_service=true", "tidy type=custom")
	b := nodes("b", 1, "start order=1", "stop order=1", "destroy post_stop_service=true", "upgrade", "restart")
	for _, role := range []map[string]any{a, b} {
		role["container"] = map[string]any{"type": "fake", "image": "image-" + version}
	}
	a = with(a, "replica", 1, "env", map[string]any{"quota": "@env.quota@"}, "custom_metadata", map[string]any{"cmd": "token"})
	return []map[string]any{with(a, more...), b}
}

// start1 runs an operation that must succeed.
func (w *world) start1(operation string, input any) *run {
	w.t.Helper()
	r := w.start(operation, input)
	require.NoError(w.t, r.err)
	return r
}

// node finds a node of the record by role and sid.
func (w *world) node(role string, sid int) lifecycle.Node {
	w.t.Helper()
	for _, n := range w.record().Nodes {
		if n.Role == role && n.SID == sid {
			return n
		}
	}
	require.Fail(w.t, "no such node", "%s/%d", role, sid)
	return lifecycle.Node{}
}

func wait(dry bool) api.Waits { return api.Waits{DryRun: dry, BarrierTimeout: "10s"} }

var scenarios = []scenario{
	{name: "create", operation: api.CreateCluster, prepare: func(w *world) { w.publishStore() },
		input: func(_ *world, dry bool) any {
			return api.CreateClusterInput{App: "store", Version: "1", Waits: wait(dry)}
		},
		states: []lifecycle.State{"", lifecycle.Failed, lifecycle.Creating}},
	{name: "delete", operation: api.DeleteCluster,
		input:  func(_ *world, dry bool) any { return api.DeleteClusterInput{DryRun: dry} },
		states: []lifecycle.State{"", lifecycle.Stopped, lifecycle.Deleting}},
	{name: "delete while stopped", operation: api.DeleteCluster, prepare: prepareStopped,
		input:  func(_ *world, dry bool) any { return api.DeleteClusterInput{DryRun: dry} },
		states: []lifecycle.State{"", lifecycle.Deleting}},
	{name: "delete and keep", operation: api.DeleteCluster,
		input:  func(_ *world, dry bool) any { return api.DeleteClusterInput{Keep: "2h", DryRun: dry} },
		states: []lifecycle.State{lifecycle.Stopped, lifecycle.Deleted}},
	{name: "recover", operation: api.RecoverCluster, prepare: prepareDeleted,
		input:  func(_ *world, dry bool) any { return api.RecoverClusterInput{Waits: wait(dry)} },
		states: []lifecycle.State{lifecycle.Stopped, lifecycle.Active}},
	{name: "cease", operation: api.CeaseCluster, prepare: prepareDeleted,
		input:  func(_ *world, dry bool) any { return api.CeaseClusterInput{DryRun: dry} },
		states: []lifecycle.State{"", lifecycle.Deleting}},
	{name: "add nodes", operation: api.AddNodes,
		input: func(_ *world, dry bool) any { return api.AddNodesInput{Role: "a", Count: 1, Waits: wait(dry)} }},
	{name: "delete nodes", operation: api.DeleteNodes,
		input: func(w *world, dry bool) any {
			return api.DeleteNodesInput{Nodes: []string{w.node("a", 2).ID, w.node("a-replica", 4).ID}, Waits: wait(dry)}
		},
		states: []lifecycle.State{lifecycle.Stopped}},
	{name: "scale at once", operation: api.ScaleVertical,
		input: func(_ *world, dry bool) any {
			return api.ScaleVerticalInput{Role: "a", CPU: 2, Memory: 1024, VolumeSize: 3, Waits: wait(dry)}
		},
		states: []lifecycle.State{lifecycle.Stopped}},
	{name: "scale one after the other", operation: api.ScaleVertical,
		prepare: func(w *world) {
			w.publishStore("vertical_scaling_policy", "sequential")
			w.start1(api.CreateCluster, api.CreateClusterInput{App: "store", Version: "1"})
		},
		input:  func(_ *world, dry bool) any { return api.ScaleVerticalInput{Role: "a", CPU: 2, Waits: wait(dry)} },
		states: []lifecycle.State{lifecycle.Stopped}},
	{name: "grow online", operation: api.ScaleVertical,
		input: func(_ *world, dry bool) any {
			return api.ScaleVerticalInput{Role: "a", VolumeSize: 3, Waits: wait(dry)}
		}},
	{name: "upgrade", operation: api.UpgradeCluster,
		input:  func(_ *world, dry bool) any { return api.UpgradeClusterInput{Version: "2", Waits: wait(dry)} },
		states: []lifecycle.State{lifecycle.UpgradeFailed}},
	{name: "upgrade or roll back", operation: api.UpgradeCluster,
		input: func(_ *world, dry bool) any {
			return api.UpgradeClusterInput{Version: "2", OnFailure: api.OnFailureRollback, Waits: wait(dry)}
		},
		states: []lifecycle.State{lifecycle.UpgradeFailed}},
	{name: "downgrade", operation: api.DowngradeCluster, prepare: prepareUpgradeFailed,
		input:  func(_ *world, dry bool) any { return api.DowngradeClusterInput{Waits: wait(dry)} },
		states: []lifecycle.State{lifecycle.Active}},
	{name: "stop", operation: api.StopCluster,
		input:  func(_ *world, dry bool) any { return api.StopClusterInput{DryRun: dry} },
		states: []lifecycle.State{lifecycle.Stopped}},
	{name: "start", operation: api.StartCluster, prepare: prepareStopped,
		input:  func(_ *world, dry bool) any { return api.StartClusterInput{Waits: wait(dry)} },
		states: []lifecycle.State{lifecycle.Active}},
	{name: "restart", operation: api.RestartCluster,
		input:  func(_ *world, dry bool) any { return api.RestartClusterInput{DryRun: dry} },
		states: []lifecycle.State{lifecycle.Stopped}},
	{name: "repair", operation: api.RepairCluster,
		input: func(_ *world, dry bool) any { return api.RepairClusterInput{Waits: wait(dry)} }},
	{name: "repair a machine", operation: api.RepairCluster,
		input: func(w *world, dry bool) any {
			return api.RepairClusterInput{Nodes: []string{w.node("a", 1).ID}, Waits: wait(dry)}
		},
		states: []lifecycle.State{lifecycle.Stopped}},
	{name: "run service", operation: api.RunService,
		input: func(_ *world, dry bool) any { return api.RunServiceInput{Service: "tidy", DryRun: dry} }},
	{name: "update env", operation: api.UpdateEnv,
		input: func(_ *world, dry bool) any {
			return api.UpdateEnvInput{Values: map[string]any{"env.quota": 7}, Waits: wait(dry)}
		}},
	{name: "back up volumes", operation: api.BackupCluster, prepare: createDevice,
		input: func(_ *world, dry bool) any { return api.BackupClusterInput{DryRun: dry} }},
	{name: "back up by commands", operation: api.BackupCluster, prepare: createCustom,
		input: func(_ *world, dry bool) any { return api.BackupClusterInput{DryRun: dry} }},
	{name: "restore volumes", operation: api.RestoreCluster, prepare: prepareBackup(createDevice),
		input: func(w *world, dry bool) any {
			return api.RestoreClusterInput{Backup: w.catalogue()[0].ID, Waits: wait(dry)}
		},
		states: []lifecycle.State{"", lifecycle.Creating}},
	{name: "verify a backup", operation: api.VerifyBackup, prepare: prepareBackup(createDevice),
		input: func(w *world, dry bool) any {
			return api.VerifyBackupInput{RestoreClusterInput: api.RestoreClusterInput{Backup: w.catalogue()[0].ID, Waits: wait(dry)}}
		},
		states: []lifecycle.State{"", lifecycle.Creating, lifecycle.Deleting}},
	{name: "restore in place", operation: api.RestoreInPlace,
		prepare: func(w *world) { createCustom(w); w.backup(api.BackupClusterInput{}) },
		input: func(w *world, dry bool) any {
			return api.RestoreInPlaceInput{Backup: w.catalogue()[0].ID, DryRun: dry}
		},
		states: []lifecycle.State{lifecycle.Stopped}},
	{name: "delete a backup", operation: api.DeleteBackup,
		prepare: func(w *world) { createCustom(w); w.backup(api.BackupClusterInput{}) },
		input: func(w *world, dry bool) any {
			return api.DeleteBackupInput{Backup: w.catalogue()[0].ID, DryRun: dry}
		}},
}

// prepareBackup leaves a backup of a cluster that is gone.
func prepareBackup(create func(*world)) func(*world) {
	return func(w *world) {
		create(w)
		w.backup(api.BackupClusterInput{})
		w.start1(api.DeleteCluster, api.DeleteClusterInput{})
	}
}

// lose deletes a node's machine behind the cluster's back.
func (w *world) lose(role string, sid int) {
	w.t.Helper()
	require.NoError(w.t, w.provider.DeleteInstance(w.t.Context(), w.node(role, sid).InstanceID))
}

func prepareStopped(w *world) {
	createStore(w)
	w.start1(api.StopCluster, api.StopClusterInput{})
}

// prepareDeleted leaves a cluster in the recycle bin.
func prepareDeleted(w *world) {
	createStore(w)
	w.start1(api.DeleteCluster, api.DeleteClusterInput{Keep: "2h"})
}

// deleteAll releases the cluster, whatever its state.
func (w *world) deleteAll() {
	w.t.Helper()
	operation := api.DeleteCluster
	if w.record().State == lifecycle.Deleted {
		operation = api.CeaseCluster
	}
	w.start1(operation, map[string]any{})
	w.nothingLeft()
}

// prepareUpgradeFailed leaves a cluster whose upgrade failed at UP4.
func prepareUpgradeFailed(w *world) {
	createStore(w)
	w.refuse("upgrade", "b")
	require.Error(w.t, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).err)
	w.agents.Handlers = nil
}

// ready makes a world in which the scenario's operation can run.
func (s scenario) ready(w *world) *world {
	if s.prepare == nil {
		createStore(w)
	} else {
		s.prepare(w)
	}
	return w
}
