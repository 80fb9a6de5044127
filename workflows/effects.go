package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/activities/machines"
	published "drover/activities/publish"
	"drover/lifecycle"
	"drover/workflows/api"
)

// effect is one thing a step does to the world, as a value. It is performed by activities, may be performed again, and
// then finds done what is done.
type effect interface {
	perform(p *performer, ctx workflow.Context, at lifecycle.StepID) error
	nodes() int // how many nodes it is about; 0: none in particular
	waits() bool
}

// What effects are about: anything, nodes by id, or nodes by id that are waited for within the barrier's timeout.
type (
	anything struct{}
	on       []string
	waiting  []string
)

func (anything) nodes() int  { return 0 }
func (anything) waits() bool { return false }
func (o on) nodes() int      { return len(o) }
func (o on) waits() bool     { return false }
func (w waiting) nodes() int { return len(w) }
func (waiting) waits() bool  { return true }

// change is what a step alters in the control record; roleSize is a size of a role, its replicas and their nodes.
type (
	change   = published.Change
	roleSize = published.RoleSize
)

// Machines.
type (
	provision      struct{ on }       // make machines and volumes
	release        struct{ on }       // give machines and volumes back; what cannot be goes to the orphan ledger
	releaseCluster struct{ anything } // the same for everything the cluster has
	power          struct {
		up bool
		on
	}
	replace struct { // a new machine with another image
		to machines.Image
		on
	}
	resize struct {
		on
		size lifecycle.Size
	}
	resizeBack struct{ on } // the size before the scaling under way
	grow       struct {     // larger volumes
		on
		size lifecycle.Size
	}
)

// Metadata.
type (
	publish struct { // change the record, and make the next revision visible
		anything
		change change
	}
	publishWhole struct{ anything } // the same over whatever is in Consul, as a revision that no node has seen
	publishEnv   struct {           // changed parameters
		anything
		values map[string]any
	}
	inform struct { // publish at the end of an operation: a node that does not answer is a warning
		waiting
		change change
	}
	deregister struct{ anything } // remove metadata and record
	deleting   struct{ anything } // the record says that there is no way back
)

// Nodes.
type (
	startAgents struct{ waiting } // and wait until each has applied the published revision
	barrier     struct{ waiting } // wait until each has applied the published revision (B2)
	endStrays   struct{ waiting } // end commands that belong to no operation
	serve       struct {          // run a stage while an operation is undone
		anything
		as    lifecycle.StepID
		stage lifecycle.Stage
	}
)

// Order and bookkeeping.
type (
	nothing struct{ anything }
	powered struct { // the record says from now on whether the machines are off
		anything
		off bool
	}
	commit struct{ effect } // once it is done nothing before it is undone any more
	once   struct{ effect } // not repeated with its step
	trying struct {         // a failure is a warning, and ends the list
		anything
		words string
		list  []effect
	}
)

func (e provision) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return onMachines(p, ctx, "make machines", doMachines.Provision, e.on, func(in machines.NodesInput) machines.NodesInput { return in })
}

func (e power) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	words := "power off"
	if e.up {
		words = "power on"
	}
	return onMachines(p, ctx, words, doMachines.Power, e.on, func(in machines.NodesInput) machines.PowerInput {
		return machines.PowerInput{NodesInput: in, On: e.up}
	})
}

func (e replace) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return onMachines(p, ctx, "new machines", doMachines.Replace, e.on, func(in machines.NodesInput) machines.ReplaceInput {
		return machines.ReplaceInput{NodesInput: in, To: e.to}
	})
}

func (e resize) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return onMachines(p, ctx, "resize", doMachines.Resize, e.on, func(in machines.NodesInput) machines.ResizeInput {
		return machines.ResizeInput{NodesInput: in, Size: e.size}
	})
}

func (e resizeBack) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return onMachines(p, ctx, "restore the size", doMachines.Resize, e.on, func(in machines.NodesInput) machines.ResizeInput {
		return machines.ResizeInput{NodesInput: in, Back: true}
	})
}

func (e grow) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return onMachines(p, ctx, "grow the volumes", doMachines.Grow, e.on, func(in machines.NodesInput) machines.ResizeInput {
		return machines.ResizeInput{NodesInput: in, Size: e.size}
	})
}

func (e release) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return p.releaseNodes(ctx, e.on)
}

func (e releaseCluster) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	result, err := call(p, ctx, provisioning("release the resources of "+p.clusterID), doMachines.Release, machines.ReleaseInput{ClusterID: p.clusterID, RunID: p.runID})
	p.orphaned(ctx, result.Orphans)
	return err
}

func (e publish) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return p.publish(ctx, e.change)
}

func (e publishWhole) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	seen, err := call(p, ctx, remote("ask nodes for their revision", 0), doAgents.SeenRevision, agents.SeenInput{ClusterID: p.clusterID})
	if err != nil {
		return err
	}
	p.revision = max(p.revision, seen)
	return revise(p, ctx, doPublish.Publish, func(next int64) published.PublishInput {
		return published.PublishInput{ClusterID: p.clusterID, RunID: p.runID, Revision: next, Whole: true}
	})
}

func (e publishEnv) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return revise(p, ctx, doPublish.PublishEnv, func(next int64) published.EnvInput {
		return published.EnvInput{ClusterID: p.clusterID, RunID: p.runID, Revision: next, Values: e.values}
	})
}

func (e inform) perform(p *performer, ctx workflow.Context, at lifecycle.StepID) error {
	if err := p.publish(ctx, e.change); err != nil {
		return err
	}
	if err := (barrier{e.waiting}).perform(p, ctx, at); err != nil {
		p.progress.warn(api.Warning{Step: string(at), Message: summary(err)})
	}
	return nil
}

func (e deregister) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return run(p, ctx, patient("deregister "+p.clusterID), doPublish.Deregister, published.DeregisterInput{ClusterID: p.clusterID, RunID: p.runID})
}

func (e deleting) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return p.close(ctx, api.OpRunning, lifecycle.Deleting, nil)
}

func (e startAgents) perform(p *performer, ctx workflow.Context, at lifecycle.StepID) error {
	return p.await(ctx, at, doAgents.StartAgents, "start the agent", e.waiting)
}

func (e barrier) perform(p *performer, ctx workflow.Context, at lifecycle.StepID) error {
	return p.await(ctx, at, doAgents.Barrier, "wait for the configuration", e.waiting)
}

func (e endStrays) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return inBatches(p, ctx, e.waiting, noResult(doAgents.EndStrays), func(batch []string) (workflow.ActivityOptions, agents.StraysInput) {
		return remote(fmt.Sprintf("end stray commands on %d nodes", len(batch)), p.barrier), agents.StraysInput{ClusterID: p.clusterID, Nodes: batch}
	}, nil)
}

func (e serve) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	for _, g := range e.stage.Groups {
		left, err := p.commands(ctx, e.as, "start again", group{service: e.stage.Service, kind: e.stage.Kind, Group: g})
		if left.undecided(err) {
			return undecidedError{err, left}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e nothing) perform(*performer, workflow.Context, lifecycle.StepID) error { return nil }

func (e powered) perform(p *performer, _ workflow.Context, _ lifecycle.StepID) error {
	p.end.poweredOff = &e.off
	return nil
}

func (e commit) perform(p *performer, ctx workflow.Context, at lifecycle.StepID) error {
	err := e.effect.perform(p, ctx, at)
	if err == nil {
		p.undo.drop()
	}
	return err
}

func (e trying) perform(p *performer, ctx workflow.Context, at lifecycle.StepID) error {
	if err := performAll(p, ctx, at, e.list); err != nil {
		p.progress.warn(api.Warning{Step: string(at), Message: e.words + ": " + summary(err)})
	}
	return nil
}

// performAll performs effects in order, until one fails.
func performAll(p *performer, ctx workflow.Context, at lifecycle.StepID, list []effect) error {
	for _, e := range list {
		if err := e.perform(p, ctx, at); err != nil {
			return err
		}
	}
	return nil
}
