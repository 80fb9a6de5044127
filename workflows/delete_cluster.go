package workflows

import (
	"fmt"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// DeleteCluster deletes a cluster, from whatever state it is in, once the package's destroy guard agrees.
func DeleteCluster(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.DeleteClusterInput
	op, err := open(ctx, api.DeleteCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	if err := op.begin(in.DryRun); err != nil {
		return api.OperationResult{}, op.finish(err)
	}
	del := &deletion{operation: op, force: in.Force, state: op.view.State}
	if refusal := lifecycle.MayDelete(op.view, in.Force); refusal != nil {
		err := fault.New(fault.NotAllowed, "%s", refusal.Why).WithHint("%s", refusal.Hint).At(op.clusterID, "", "destroy")
		return api.OperationResult{}, op.finish(del.failed(in.DryRun, err))
	}
	if err := op.perform(in.DryRun, del.procedure); err != nil {
		return api.OperationResult{}, op.finish(del.failed(in.DryRun, err))
	}
	if in.DryRun {
		return op.planned(), nil
	}
	return op.result(""), op.finish(nil)
}

// deletion is a DeleteCluster under way; state is what the cluster is if the operation ended now.
type deletion struct {
	*operation
	force bool
	state lifecycle.State
}

// procedure is DC1 to DC8.
func (d *deletion) procedure() error {
	if !lifecycle.GuardsApply(d.view) {
		d.skip("DC1", "destroy and stop services", whyNoGuards(d.view))
		return d.releaseAll()
	}

	// DC1: without a destroy service anywhere, DC2 and DC8 are all there is.
	if !d.view.Defines(lifecycle.ServiceDestroy, nil) {
		if err := d.stop("DC2"); err != nil {
			return err
		}
		return d.releaseAll()
	}

	// DC3, DC5: destroy before stop, of the roles whose post_stop_service is false. DC6: a refusal ends the operation
	// with nothing stopped, unless the user forces.
	if err := d.guard("DC5", lifecycle.BeforeStop); err != nil {
		return err
	}

	// DC7 (DC4 where destroy comes after it): stop on all nodes.
	stopID := "DC7"
	if !d.view.Defines(lifecycle.ServiceDestroy, lifecycle.BeforeStop) {
		stopID = "DC4"
	}
	if err := d.stop(stopID); err != nil {
		return err
	}

	// DC4: destroy after stop, of the roles whose post_stop_service is true; a refusal comes before any release.
	if err := d.guard("DC4", lifecycle.AfterStop); err != nil {
		return err
	}
	return d.releaseAll()
}

// guard runs a phase of destroy. Its failure ends the operation before anything is released, unless the user forces.
func (d *deletion) guard(id string, phase lifecycle.Phase) error {
	if err := d.forced(id, d.stage(id, lifecycle.ServiceDestroy, phase, nil)); err != nil {
		f := faultOf(err)
		if f.Hint == "" && f.Type == fault.CommandFailed {
			f.Hint = fmt.Sprintf("the package's destroy command protects data; nothing was released. To delete all the same: drover delete %s --force", d.clusterID)
			return f
		}
		return err
	}
	return nil
}

// stop stops the services of all nodes; from its first command on the cluster counts as stopped.
func (d *deletion) stop(id string) error {
	if !d.planning && d.view.Defines(lifecycle.ServiceStop, nil) {
		d.state = lifecycle.Stopped
	}
	return d.forced(id, d.stage(id, lifecycle.ServiceStop, nil, nil))
}

// forced turns a failing command into a warning when the user forces. Cancellation is never forced away.
func (d *deletion) forced(id string, err error) error {
	if err == nil || !d.force || temporal.IsCanceledError(err) {
		return err
	}
	f := faultOf(err)
	d.progress.warn(api.Warning{Step: id, Node: f.Node, Message: "forced past: " + f.Message})
	return nil
}

// releaseAll is DC8: release all resources, then deregister all metadata. It is the point of no return: a cancel comes
// too late, and what cannot be released stays on record.
func (d *deletion) releaseAll() error {
	return d.step(api.PlanStep{ID: "DC8", Words: "delete all resources and deregister the cluster from metadata"}, len(d.view.NodeIDs()), 0,
		func(workflow.Context) error {
			ctx, done := workflow.NewDisconnectedContext(d.ctx)
			defer done()
			d.state = lifecycle.Deleting
			if err := d.call(ctx, patient("mark "+d.clusterID+" as deleting"), activities.EndOperation, activities.EndInput{
				ClusterID: d.clusterID, RunID: d.runID, Outcome: api.OpRunning, ClusterState: lifecycle.Deleting,
			}, nil); err != nil {
				return err
			}
			if err := d.release(ctx); err != nil {
				return err
			}
			return d.deregister(ctx)
		})
}

// failed records what the cluster is after a deletion that did not succeed.
func (d *deletion) failed(dryRun bool, cause error) error {
	if dryRun {
		return cause
	}
	reason := cause
	if d.state == lifecycle.Active {
		reason = nil // nothing was stopped: the cluster is as it was
	}
	if err := d.close(outcomeOf(cause), d.state, reason); err != nil {
		return undone(cause, err)
	}
	return cause
}

func whyNoGuards(v lifecycle.View) string {
	if v.State == lifecycle.Deleting {
		return "an earlier deletion has passed them already"
	}
	return "the cluster never became active, so it holds no data to protect"
}
