package apps

import (
	"strings"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// CutPower ends everything on a node at once, behind Drover's back, and gives the power back: the node boots, and nothing
// runs on it but its agent.
func (c *Cluster) CutPower(n api.NodeView) {
	c.t.Helper()
	require.NoError(c.t, c.lab.machines.StopInstance(c.t.Context(), n.InstanceID))
	_, err := c.lab.machines.StartInstance(c.t.Context(), n.InstanceID)
	require.NoError(c.t, err)
}

// Begin starts an operation and does not wait for it.
func (c *Cluster) Begin(verb string, args ...string) {
	c.t.Helper()
	c.Do(verb, append(args, "--no-wait")...)
}

// RetryHeld waits until the operation that runs is held because it is unknown how a command ended, has it run again as an
// operator would after a look at the node, and waits for the operation's success.
func (c *Cluster) RetryHeld() {
	c.t.Helper()
	var said string
	Eventually(c.t, "the operation is held", func() bool {
		said = c.lab.Drover(c.t, "status", c.ID).OK(c.t).Stdout
		return strings.Contains(said, "--retry")
	})
	require.Contains(c.t, said, "its result is unknown")
	c.Do("resolve", "--retry")
	c.Do("watch")
}
