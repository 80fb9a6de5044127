package workflows

import (
	"go.temporal.io/sdk/workflow"

	. "drover/lifecycle"
	"drover/workflows/api"
)

// recoverCluster is RC1 to RC3.
func recoverCluster(c cluster, _ api.RecoverClusterInput) procedure {
	nodes, all := c.NodeIDs(), c.AgentIDs(nil)
	back := Stopped
	if c.target != nil {
		back = UpgradeFailed
	}
	recovered := steps(
		// RC1: the machines that were kept, or others on the volumes that were.
		do(RC1, provision{nodes}, power{true, nodes}, powered{off: false}).
			undo(undoing(RC1, "power the machines off again", power{false, nodes}, powered{off: true})),

		// RC2: from here on the timer does not release it any more.
		do(RC2, commit{leaveBin{to: back}}, publish{}, startAgents{all}).begins(back),
	)
	for _, lost := range c.begun.LostLinks {
		recovered = recovered.warns(RC2, lost)
	}
	if c.target != nil {
		return steps(recovered, skip(RC3, "start", "the cluster is half-way between two versions: downgrade it"))
	}

	// RC3: start by order; init ran when the cluster was created.
	return steps(recovered, c.stage(RC3, ServiceStart, nil, nil)).ends(Active)
}

// ceaseCluster is CE1: the guards ran when the cluster was deleted.
func ceaseCluster(cluster, api.CeaseClusterInput) procedure { return releaseAll(CE1) }

// releaseAll releases all resources, then deregisters all metadata. What cannot be released goes to the orphan ledger.
func releaseAll(id StepID) procedure {
	return do(id, once{deleting{}}, once{releaseCluster{}}, deregister{}).begins(Deleting).ends(gone)
}

// Effects on the recycle bin: enter it, and leave it for the state that the cluster has then.
type (
	enterBin struct{ anything }
	leaveBin struct {
		anything
		to State
	}
)

func (e enterBin) perform(p *performer, ctx workflow.Context, _ StepID) error {
	if err := p.close(ctx, api.OpRunning, Deleted, nil); err != nil {
		return err
	}
	if err := awake(ctx, api.BinWorkflowID, api.EmptyBin, api.EmptyBinInput{}); err != nil {
		workflow.GetLogger(ctx).Warn("the timer of the recycle bin does not run; every worker starts it too", "error", err)
	}
	return nil
}

func (e leaveBin) perform(p *performer, ctx workflow.Context, _ StepID) error {
	return p.close(ctx, api.OpRunning, e.to, nil)
}
