package chaos

import (
	"slices"

	"drover/workflows/api"
)

// Attempt is an operation that fails at every step, on a cluster that is ready for it.
type Attempt struct {
	Name  string
	app   string // appID when empty
	state string // of the cluster before; "" means no cluster
	nodes int    // minimum number before
	does  string // workflow type
	input func(c *cluster) any
	stays []Staying
	// More marks an attempt that adds little to another one for its time: only make undo runs it.
	More bool
}

// Staying is a permitted difference after a failure at a step, or later. All other differences are errors.
type Staying struct {
	from    string   // step id
	aspects []string // of a condition
	Says    string   // quotation from docs/lifecycle.md
}

var everything = aspects

// Attempts are all operations.
var Attempts = []Attempt{
	{Name: "create", does: api.CreateCluster, input: func(c *cluster) any {
		return api.CreateClusterInput{App: c.app, Version: "1"}
	}},
	{Name: "delete", does: api.DeleteCluster, state: "active", nodes: nodeCount, input: func(*cluster) any { return api.DeleteClusterInput{} },
		stays: []Staying{
			{"DC7", []string{record}, "a refusal leaves the cluster stopped"},
			{"DC8", everything, "the point of no return"},
		}},
	{Name: "add nodes", does: api.AddNodes, state: "active", nodes: nodeCount, input: func(*cluster) any {
		return api.AddNodesInput{Role: "a", Count: 1}
	}, stays: []Staying{{"AN6", everything, "From AN6 on they may hold data and stay; `/adding-hosts` is emptied."}}},
	{Name: "delete nodes", does: api.DeleteNodes, state: "active", nodes: nodeCount + 1, input: func(c *cluster) any {
		return api.DeleteNodesInput{Nodes: c.newest()}
	}, stays: []Staying{{"DN10", everything, "machines and volumes of the leaving nodes are released; the point of no return"}}},
	{Name: "scale at once", does: api.ScaleVertical, state: "active", nodes: nodeCount, input: anotherSize,
		stays: []Staying{{"SV6", sized, "nodes that are done keep the new size"}}},
	{Name: "scale in turns", app: turnsID, does: api.ScaleVertical, state: "active", nodes: nodeCount, input: anotherSize,
		stays: []Staying{{"SV4", sized, "nodes that are done keep the new size"}}},
	{Name: "upgrade or roll back", does: api.UpgradeCluster, state: "active", nodes: nodeCount, input: func(*cluster) any {
		return api.UpgradeClusterInput{Version: "2", OnFailure: api.OnFailureRollback}
	}, stays: []Staying{{"UP5", everything, "Otherwise the way back is given up"}}},
	{Name: "upgrade in turns or roll back", More: true, app: turnsID, does: api.UpgradeCluster, state: "active", nodes: nodeCount, input: func(*cluster) any {
		return api.UpgradeClusterInput{Version: "2", OnFailure: api.OnFailureRollback}
	}, stays: []Staying{{"UP5", everything, "Otherwise the way back is given up"}}},
	{Name: "upgrade", More: true, does: api.UpgradeCluster, state: "active", nodes: nodeCount, input: func(*cluster) any {
		return api.UpgradeClusterInput{Version: "2"}
	}, stays: []Staying{{"UP1", everything, "the upgrade ends where it is, state `upgrade_failed`"}}},
	{Name: "downgrade", does: api.DowngradeCluster, state: "upgrade_failed", nodes: nodeCount, input: func(*cluster) any {
		return api.DowngradeClusterInput{}
	}, stays: []Staying{{"UP5b", everything, "the downgrade stays where it is; run it again to continue"}}},
	{Name: "stop", does: api.StopCluster, state: "active", nodes: nodeCount, input: func(*cluster) any { return api.StopClusterInput{} },
		stays: []Staying{{"SP1", []string{machines, record}, "what was stopped stays stopped"}}},
	{Name: "start", does: api.StartCluster, state: "stopped", nodes: nodeCount, input: func(*cluster) any { return api.StartClusterInput{} },
		stays: []Staying{{"ST1", []string{machines, record, visible, rendered, renderedSizes}, "the machines stay on, the cluster stays stopped"}}},
	{Name: "restart", does: api.RestartCluster, state: "active", nodes: nodeCount, input: func(*cluster) any { return api.RestartClusterInput{} },
		stays: []Staying{{"RS1", []string{record}, "the cluster counts as stopped; start it"}}},
	{Name: "repair", does: api.RepairCluster, state: "active", nodes: nodeCount, input: func(c *cluster) any {
		return api.RepairClusterInput{Nodes: c.newest()}
	}, stays: []Staying{{"RP1", []string{record}, "the cluster counts as stopped until RP5 has ended"}}},
	{Name: "run service", does: api.RunService, state: "active", nodes: nodeCount, input: func(*cluster) any {
		return api.RunServiceInput{Service: "check"}
	}},
	{Name: "update env", does: api.UpdateEnv, state: "active", nodes: nodeCount, input: func(c *cluster) any {
		c.level++
		return api.UpdateEnvInput{Values: map[string]any{"env.level": c.level}}
	}, stays: []Staying{{"UE1", []string{record, visible, rendered}, "published values stay"}}},
}

var sized = []string{sizes, renderedSizes}

// anotherSize changes the size of the nodes.
func anotherSize(c *cluster) any {
	c.level++
	return api.ScaleVerticalInput{Role: "a", Memory: 256 + 64*(1+c.level%4), VolumeSize: 0}
}

func (a Attempt) mayStay(aspect string, reached []string) (says string, may bool) {
	for _, s := range a.stays {
		if slices.Contains(s.aspects, aspect) && slices.Contains(reached, s.from) {
			says, may = s.Says, true // the last match is the furthest step
		}
	}
	return says, may
}
