package chaos

import (
	"slices"

	"drover/workflows/api"
)

// operation is one operation in a cluster's life, with its preconditions and its expected result.
type operation struct {
	name  string // in the names of cases
	input func(c *cluster, dryRun bool) any
	// workflow is the type if it differs from the name.
	workflow string
	state    string // of the cluster afterwards; "" is gone
	nodes    int    // afterwards
	pair     string // the operation that must follow: it restores the preconditions of the next ones
	within   string // the operation that must come before
	// fails is a service that fails the first time it runs on a node, and the operation with it; cancels is a service
	// during whose commands the operation is cancelled.
	fails, cancels string
	// undone means that its undo restores the previous state. again are the services that the undo runs on every previous
	// node.
	undone bool
	again  []string
}

// life are all operations, in the order in which a cluster goes through them.
var life = []operation{
	{name: "FailingCreate", workflow: api.CreateCluster, fails: "start", undone: true, input: create},
	{name: api.CreateCluster, state: "active", nodes: 2, input: create},
	{name: api.RunService, state: "active", nodes: 2, input: check},
	{name: "CancelledRunService", workflow: api.RunService, state: "active", nodes: 2, cancels: "check", undone: true, input: check},
	{name: api.UpdateEnv, state: "active", nodes: 2, input: func(c *cluster, dry bool) any {
		c.level++
		return api.UpdateEnvInput{Values: map[string]any{"env.level": c.level}, Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.RestartCluster, state: "active", nodes: 2, input: func(_ *cluster, dry bool) any {
		return api.RestartClusterInput{DryRun: dry}
	}},
	{name: api.RepairCluster, state: "active", nodes: 2, input: func(c *cluster, dry bool) any {
		return api.RepairClusterInput{Nodes: c.newest(), Waits: api.Waits{DryRun: dry}}
	}},
	{name: "CancelledAddNodes", workflow: api.AddNodes, state: "active", nodes: 2, cancels: "start", undone: true, input: add},
	{name: api.AddNodes, state: "active", nodes: 3, pair: api.DeleteNodes, input: add},
	{name: "FailingDeleteNodes", workflow: api.DeleteNodes, state: "active", nodes: 3, fails: "scale_in", undone: true, within: api.AddNodes,
		input: remove},
	{name: api.DeleteNodes, state: "active", nodes: 2, pair: api.AddNodes, input: remove},
	{name: "FailingScaleVertical", workflow: api.ScaleVertical, state: "active", nodes: 2, fails: "start", undone: true,
		again: []string{"start"}, input: scale},
	{name: api.ScaleVertical, state: "active", nodes: 2, input: scale},
	{name: api.StopCluster, state: "stopped", nodes: 2, pair: api.StartCluster, input: func(_ *cluster, dry bool) any {
		return api.StopClusterInput{DryRun: dry}
	}},
	{name: api.StartCluster, state: "active", nodes: 2, pair: api.StopCluster, input: func(_ *cluster, dry bool) any {
		return api.StartClusterInput{Waits: api.Waits{DryRun: dry}}
	}},
	{name: "FailingUpgrade", workflow: api.UpgradeCluster, state: "upgrade_failed", nodes: 2, fails: "upgrade", pair: api.DowngradeCluster,
		input: upgrade},
	{name: api.DowngradeCluster, state: "active", nodes: 2, pair: "FailingUpgrade", input: func(_ *cluster, dry bool) any {
		return api.DowngradeClusterInput{Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.UpgradeCluster, state: "active", nodes: 2, input: upgrade},
	{name: api.DeleteCluster, input: func(_ *cluster, dry bool) any {
		return api.DeleteClusterInput{DryRun: dry}
	}},
}

func create(_ *cluster, dry bool) any {
	return api.CreateClusterInput{App: appID, Version: "1", Waits: api.Waits{DryRun: dry}}
}

func check(_ *cluster, dry bool) any {
	return api.RunServiceInput{Service: "check", DryRun: dry}
}

func add(_ *cluster, dry bool) any {
	return api.AddNodesInput{Role: "a", Count: 1, Waits: api.Waits{DryRun: dry}}
}

func remove(c *cluster, dry bool) any {
	return api.DeleteNodesInput{Nodes: c.newest(), Waits: api.Waits{DryRun: dry}}
}

func scale(_ *cluster, dry bool) any {
	return api.ScaleVerticalInput{Role: "a", Memory: 512, Waits: api.Waits{DryRun: dry}}
}

func upgrade(_ *cluster, dry bool) any {
	return api.UpgradeClusterInput{Version: "2", Waits: api.Waits{DryRun: dry}}
}

// is returns the type of its workflow.
func (o operation) is() string {
	if o.workflow != "" {
		return o.workflow
	}
	return o.name
}

// named returns an operation by its name in cases.
func named(name string) operation {
	return life[slices.IndexFunc(life, func(o operation) bool { return o.name == name })]
}

// stands reports whether the result of the operation is known after the death of a component at that moment. It is unknown
// after a power loss during a command that is undone or cancelled, or that the operator skips so that nothing fails.
func (o operation) stands(k *kill, at Moment) bool {
	if !k.unknown {
		return true
	}
	switch at.Phase {
	case Any:
		return o.fails == "" && o.cancels == ""
	case Command:
		skipped := o.fails != "" && k.answer == api.ResolveSkip && at.runs(o.fails)
		return !at.Undo && !skipped && (o.cancels == "" || !at.runs(o.cancels))
	}
	return true
}

// Operations are the names of all operations.
func Operations() []string {
	var names []string
	for _, o := range life {
		names = append(names, o.name)
	}
	return names
}
