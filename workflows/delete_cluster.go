package workflows

import (
	"fmt"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities/records"
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
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Delete: &in}, func() error {
		return op.deleteCluster(in.Force)
	})
}

// deleteCluster is the procedure: DC1 to DC8. DC0, the permission, was asked for when the operation began.
func (op *operation) deleteCluster(force bool) error {
	if linked := op.begun.LinkedBy; len(linked) > 0 && op.planning {
		op.progress.warn(api.Warning{Step: "DC0", Message: "forced past: other clusters link to it: " + lifecycle.TellLinks(linked)})
	}
	if !lifecycle.GuardsApply(op.view) {
		op.skip("DC1", "destroy and stop services", whyNoGuards(op.view))
		return op.releaseAll()
	}

	// DC1: without a destroy service anywhere, DC2 and DC8 are all there is. Machines that are off have nothing to stop.
	guarded := op.view.Defines(lifecycle.ServiceDestroy, nil)
	if !guarded && op.view.PoweredOff {
		op.skip("DC2", "stop", "the machines are off")
		return op.releaseAll()
	}
	if op.view.State != lifecycle.Active {
		if err := op.forced("DC1", force, func() error {
			return op.boot("DC1", "make sure that the nodes run, so that their commands can")
		}); err != nil {
			return err
		}
	}
	if !guarded {
		if err := op.stopAll("DC2", force); err != nil {
			return err
		}
		return op.releaseAll()
	}

	// DC3, DC5: destroy before stop, of the roles whose post_stop_service is false. DC6: a refusal ends the operation
	// with nothing stopped, unless the user forces.
	if err := op.guard("DC5", lifecycle.BeforeStop, nil, force); err != nil {
		return err
	}

	// DC7 (DC4 where destroy comes after it): stop on all nodes.
	stop := "DC7"
	if !op.view.Defines(lifecycle.ServiceDestroy, lifecycle.BeforeStop) {
		stop = "DC4"
	}
	if err := op.stopAll(stop, force); err != nil {
		return err
	}

	// DC4: destroy after stop, of the roles whose post_stop_service is true; a refusal comes before any release.
	if err := op.guard("DC4", lifecycle.AfterStop, nil, force); err != nil {
		return err
	}
	return op.releaseAll()
}

// guard runs a phase of destroy. Its failure ends the operation before anything is released, unless the user forces.
func (op *operation) guard(id string, phase lifecycle.Phase, among lifecycle.Among, force bool) error {
	err := op.forced(id, force, func() error { return op.stage(id, lifecycle.ServiceDestroy, phase, among) })
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	f := faultOf(err)
	if f.Hint == "" && f.Type == fault.CommandFailed {
		f.Hint = "the package's destroy command protects data; nothing was released. To go on all the same, ask again with force (--force)"
	}
	return f
}

// stopAll stops the services of all nodes; from its first command on they count as stopped.
func (op *operation) stopAll(id string, force bool) error {
	if !op.planning && op.view.Defines(lifecycle.ServiceStop, nil) {
		op.state = lifecycle.OnceStopped(op.view.State)
	}
	return op.forced(id, force, func() error { return op.stage(id, lifecycle.ServiceStop, nil, nil) })
}

// forced turns a failing command into a warning when the user forces. Cancellation is never forced away.
func (op *operation) forced(id string, force bool, do func() error) error {
	was := op.forcing
	op.forcing = force
	err := do()
	op.forcing = was
	if err == nil || !force || temporal.IsCanceledError(err) {
		return err
	}
	f := faultOf(err)
	op.progress.warn(api.Warning{Step: id, Node: f.Node, Message: "forced past: " + f.Message})
	return nil
}

// releaseAll is DC8: release all resources, then deregister all metadata. It is the point of no return: a cancel comes
// too late, and what cannot be released goes to the orphan ledger.
func (op *operation) releaseAll() error {
	if err := op.noReturn(); err != nil {
		return err
	}
	released := false // done again, the step must not look for a record that is gone
	err := op.step(api.PlanStep{ID: "DC8", Words: "delete all resources and deregister the cluster from metadata"}, len(op.view.NodeIDs()), 0,
		func(ctx workflow.Context) error {
			op.state = lifecycle.Deleting
			if !released {
				if err := op.close(api.OpRunning, lifecycle.Deleting, nil); err != nil {
					return err
				}
				if err := op.release(ctx); err != nil {
					return err
				}
				released = true
			}
			return op.deregister(ctx)
		})
	if err == nil && !op.planning {
		op.state = "" // nothing is left to have a state
	}
	return err
}

// boot switches machines on that StopCluster switched off, and waits for their agents. What is published may be older than
// the machines: a start that died half-way has replaced them, and an upgrade their application.
func (op *operation) boot(id, words string) error {
	nodes, agents := op.view.NodeIDs(), op.view.AgentIDs(nil)
	return op.step(api.PlanStep{ID: id, Words: words}, len(nodes), op.barrier, func(ctx workflow.Context) error {
		if err := op.power(ctx, true, nodes); err != nil {
			return err
		}
		op.poweredOff = new(bool)
		if err := op.publish(ctx, nil); err != nil {
			return err
		}
		return op.startAgents(ctx, id, agents)
	})
}

func whyNoGuards(v lifecycle.View) string {
	if v.State == lifecycle.Deleting {
		return "an earlier deletion has passed them already"
	}
	return fmt.Sprintf("the cluster is %s and never was active, so it holds no data to protect", v.State)
}
