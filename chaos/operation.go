package chaos

import (
	"drover/workflows/api"
)

// operation is one operation in a cluster's life, with what it finds and what it leaves.
type operation struct {
	name  string // what cases are called by
	input func(c *cluster, dryRun bool) any
	// workflow is the type, when the name is another.
	workflow string
	state    string // of the cluster afterwards; "" is gone
	nodes    int    // afterwards
	fails    bool   // it must fail, because a command does: the last version's upgrade
	pair     string // the operation that follows in any case: without it, the next ones find another cluster than they need
}

// failing is the command that fails in an operation that fails.
const failing = "upgrade"

// life are all operations, in the order in which a cluster goes through them.
var life = []operation{
	{name: api.CreateCluster, state: "active", nodes: 2, input: func(_ *cluster, dry bool) any {
		return api.CreateClusterInput{App: appID, Version: "1", Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.RunService, state: "active", nodes: 2, input: func(_ *cluster, dry bool) any {
		return api.RunServiceInput{Service: "check", DryRun: dry}
	}},
	{name: api.UpdateEnv, state: "active", nodes: 2, input: func(c *cluster, dry bool) any {
		c.level++
		return api.UpdateEnvInput{Values: map[string]any{"env.level": c.level}, Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.RestartCluster, state: "active", nodes: 2, input: func(_ *cluster, dry bool) any {
		return api.RestartClusterInput{DryRun: dry}
	}},
	{name: api.AddNodes, state: "active", nodes: 3, pair: api.DeleteNodes, input: func(_ *cluster, dry bool) any {
		return api.AddNodesInput{Role: "a", Count: 1, Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.DeleteNodes, state: "active", nodes: 2, pair: api.AddNodes, input: func(c *cluster, dry bool) any {
		return api.DeleteNodesInput{Nodes: c.newest(), Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.ScaleVertical, state: "active", nodes: 2, input: func(c *cluster, dry bool) any {
		return api.ScaleVerticalInput{Role: "a", Memory: 512, Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.StopCluster, state: "stopped", nodes: 2, pair: api.StartCluster, input: func(_ *cluster, dry bool) any {
		return api.StopClusterInput{DryRun: dry}
	}},
	{name: api.StartCluster, state: "active", nodes: 2, pair: api.StopCluster, input: func(_ *cluster, dry bool) any {
		return api.StartClusterInput{Waits: api.Waits{DryRun: dry}}
	}},
	{name: "FailingUpgrade", workflow: api.UpgradeCluster, state: "upgrade_failed", nodes: 2, fails: true, pair: api.DowngradeCluster,
		input: upgrade},
	{name: api.DowngradeCluster, state: "active", nodes: 2, pair: "FailingUpgrade", input: func(_ *cluster, dry bool) any {
		return api.DowngradeClusterInput{Waits: api.Waits{DryRun: dry}}
	}},
	{name: api.UpgradeCluster, state: "active", nodes: 2, input: upgrade},
	{name: api.DeleteCluster, input: func(_ *cluster, dry bool) any {
		return api.DeleteClusterInput{DryRun: dry}
	}},
}

func upgrade(_ *cluster, dry bool) any {
	return api.UpgradeClusterInput{Version: "2", Waits: api.Waits{DryRun: dry}}
}

// is the type of its workflow.
func (o operation) is() string {
	if o.workflow != "" {
		return o.workflow
	}
	return o.name
}

// Operations are the names of all operations.
func Operations() []string {
	var names []string
	for _, o := range life {
		names = append(names, o.name)
	}
	return names
}
