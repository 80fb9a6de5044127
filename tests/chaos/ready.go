package chaos

import (
	"context"
	"fmt"
	"strings"

	"drover/providers"
	"drover/workflows/api"
)

// vanish deletes the cluster in any state. Other clusters continue, so no component is restarted.
func (c *cluster) vanish(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, operationLimit)
	defer done()
	id := api.WorkflowID(c.id)
	c.world.relay.disturb(id, nil)
	c.gates.decides(func(string, string) (int, bool) { return 0, true })
	_ = c.world.temporals.CancelWorkflow(ctx, id, "")
	_ = c.world.temporals.GetWorkflow(ctx, id, "").Get(ctx, nil)
	if err := c.become(ctx, Attempt{}); err != nil {
		return fmt.Errorf("delete %s: %w", c.id, err)
	}
	return nil
}

// become changes a cluster from its state after a failed operation to the initial state of the attempt.
func (c *cluster) become(ctx context.Context, a Attempt) error {
	for range 8 {
		does, in, err := c.next(ctx, a)
		if err != nil || does == "" {
			return err
		}
		c.gates.decides(func(_, run string) (int, bool) {
			if a.state == "upgrade_failed" && service(run) == "upgrade" {
				return 1, true
			}
			return 0, true
		})
		err = c.world.execute(ctx, api.WorkflowID(c.id), does, in, nil)
		if err != nil && (does != api.UpgradeCluster || !strings.Contains(err.Error(), "exit code 1")) {
			return fmt.Errorf("%s: %w", does, err)
		}
	}
	return fmt.Errorf("the cluster is %s with %d nodes; want %s with %d", c.view.State, len(c.view.Nodes), a.state, a.nodes)
}

// next is the operation that leads there; "" when the cluster has the wanted state.
func (c *cluster) next(ctx context.Context, a Attempt) (does string, in any, err error) {
	c.view = api.ClusterView{}
	if err := c.look(ctx); err != nil && !strings.Contains(err.Error(), "does not exist") {
		return "", nil, err
	}
	all, err := c.world.machines.List(ctx, c.id)
	if err != nil {
		return "", nil, err
	}
	off := 0
	for _, i := range all.Instances {
		if i.State == providers.Off {
			off++
		}
	}
	state, version := c.view.State, c.view.Version
	switch {
	case state == "" && a.state == "":
		return "", nil, nil
	case state == "":
		return api.CreateCluster, api.CreateClusterInput{App: c.app, Version: "1"}, nil
	case a.state == "", state == "deleting", state == "creating", state == "failed", version != "1" && state == "active":
		return api.DeleteCluster, api.DeleteClusterInput{Force: true}, nil
	case state == "upgrade_failed" && a.state != state:
		return api.DowngradeCluster, api.DowngradeClusterInput{}, nil
	case state == "stopped" && (a.state != state || off < len(all.Instances)):
		return api.StartCluster, api.StartClusterInput{}, nil
	case state == "active" && len(c.view.Nodes) < a.nodes:
		return api.AddNodes, api.AddNodesInput{Role: "a", Count: a.nodes - len(c.view.Nodes)}, nil
	case state == "active" && a.state == "stopped":
		return api.StopCluster, api.StopClusterInput{}, nil
	case state == "active" && a.state == "upgrade_failed":
		return api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}, nil
	}
	return "", nil, nil
}
