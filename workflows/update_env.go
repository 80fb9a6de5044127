package workflows

import (
	. "drover/lifecycle"
	"drover/workflows/api"
)

// updateEnv is UE1 and UE2.
func updateEnv(c cluster, in api.UpdateEnvInput) procedure {
	all := c.AgentIDs(nil)

	// UE1: publish the changed values, endpoints that refer to them included.
	change := do(UE1, publishEnv{values: in.Values})

	// UE2: barrier: templates rendered, reload commands ended. Machines that are off do so when they start.
	if c.PoweredOff {
		return steps(change, skip(UE2, Words(OpUpdateEnv, UE2), "the machines are off"))
	}
	return steps(change, do(UE2, barrier{all}))
}
