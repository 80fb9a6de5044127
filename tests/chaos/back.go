package chaos

import (
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// Operations that are undone: one of their services fails, or they are cancelled while its commands run.

// end is the end of a command that may end. The first command of the failing service on a node fails; the first command
// of the service during which the operation is cancelled never ends by itself. The caller holds the lock.
func (d *death) end(node, run string, open bool) (int, bool) {
	name := service(run)
	if d.lostRuns[node+" "+run] {
		return 0, false
	}
	if name != d.op.fails && name != d.op.cancels {
		return 0, open
	}
	if d.first[node] == "" && (open || name == d.op.cancels) {
		d.first[node] = run
		if name == d.op.cancels && len(d.first) == d.times(name) {
			d.turned = true
			go d.cancel()
		}
	}
	switch {
	case d.first[node] != run:
		return 0, open
	case name == d.op.cancels:
		return 0, false
	}
	d.turned = d.turned || open
	return 1, open
}

// times is the number of commands of a service in the plan.
func (d *death) times(service string) (n int) {
	for _, step := range d.planned.Steps {
		for _, command := range step.Commands {
			if sids, err := expand(command.SIDs); err == nil && command.Service == service {
				n += len(sids)
			}
		}
	}
	return n
}

// cancel cancels the operation like drover cancel: it retries until the request succeeds.
func (d *death) cancel() {
	for d.ctx.Err() == nil {
		if run := d.running(); run != nil {
			err := d.cluster.world.temporals.CancelWorkflow(d.ctx, run.GetID(), run.GetRunID())
			var gone *serviceerror.NotFound
			if err == nil || errors.As(err, &gone) {
				return
			}
		}
		_ = sleep(d.ctx, lookEvery)
	}
}

// begun sets the run of the workflow of the operation.
func (d *death) begun(run client.WorkflowRun) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.run = run
}

func (d *death) running() client.WorkflowRun {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.run
}
