package client_test

import (
	"context"
	"fmt"

	"drover/client"
	"drover/workflows/api"
)

// Create a cluster and follow it to its end.
func Example() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Options{}) // TEMPORAL_*, DROVER_* and the temporal CLI's configuration file
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	creation, err := c.CreateCluster(ctx, "cl-a1b2c3d4", api.CreateClusterInput{
		App: "etcd", Values: api.Values{"etcd_node.count": 3},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for sight, err := range creation.Sights(ctx) {
		if err != nil {
			fmt.Println("failed:", err)
			return
		}
		if w := sight.Operation.Waiting; w != nil {
			fmt.Println(w.Step, w.Words, w.State)
		}
	}
}

// Retry a step that failed and is held.
func ExampleHandle_Resolve() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	op, err := c.Current(ctx, "cl-a1b2c3d4")
	if err != nil || op.State != client.StateHeld {
		return
	}
	resolved, err := c.Operation(op.ClusterID, op.FirstRunID).Resolve(ctx, api.Resolution{Action: api.ResolveRetry, By: "ann"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resolved.Next)
}
