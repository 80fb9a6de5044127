package workflows

import (
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
)

// cluster is what is known when a procedure is planned: the record's view as the operation found it, what its beginning
// chose, and the answers of commands so far.
type cluster struct {
	lifecycle.View                 // of the version that runs
	target         *lifecycle.View // of the version an upgrade leads to; nil: there is none
	begun          records.Begun
	answers        answers
	among          lifecycle.Among // whose turn it is, while nodes are taken one after the other; nil: all at once
}

// known is the cluster as the beginning of an operation found it.
func known(begun records.Begun) cluster {
	return cluster{View: begun.View, target: begun.Target, begun: begun}
}

// taking is the cluster while it is the turn of some nodes.
func (c cluster) taking(nodes ...string) cluster {
	c.among = lifecycle.Only(nodes)
	return c
}

// upgraded is the cluster as the version an upgrade leads to describes it.
func (c cluster) upgraded() cluster {
	if c.target != nil {
		c.View = *c.target
	}
	return c
}

// mixed is the cluster half-way between two versions: every node as the version that runs on it describes it.
func (c cluster) mixed() cluster {
	if c.target != nil {
		c.View = c.View.Mixed(*c.target, c.begun.Upgraded)
	}
	return c
}

// stage runs a service over nodes: its pre_check as a stage of its own (S8), then the service, order group by order
// group (S1). among keeps the nodes the step is about (nil: all).
func (c cluster) stage(id lifecycle.StepID, service string, phase lifecycle.Phase, among lifecycle.Among) procedure {
	return steps(c.preCheck(id, service, phase, among), c.run(id, service, phase, among))
}

// preCheck runs a service's pre_check alone.
func (c cluster) preCheck(id lifecycle.StepID, service string, phase lifecycle.Phase, among lifecycle.Among) procedure {
	return commands(id, c.Stage(service, lifecycle.PreCheck, phase, among).Limit(c.among))
}

// run runs a service without its pre_check.
func (c cluster) run(id lifecycle.StepID, service string, phase lifecycle.Phase, among lifecycle.Among) procedure {
	return commands(id, c.Stage(service, lifecycle.Command, phase, among).Limit(c.among))
}

// runs says whether a service has a command on some of the nodes.
func (c cluster) runs(service string, phase lifecycle.Phase, among lifecycle.Among) bool {
	return len(c.run("", service, phase, among)) > 0
}

// guard runs a phase of destroy. Its failure ends the operation before anything is released, unless the user forces.
func (c cluster) guard(id lifecycle.StepID, phase lifecycle.Phase, among lifecycle.Among, force bool) procedure {
	hint := "the package's destroy command protects data; nothing was released. To continue all the same, repeat the operation with force (--force)"
	if c.State == lifecycle.Stopped && id == lifecycle.DC5 {
		hint = "the services of the cluster are stopped, and the package's destroy command may need them: start the cluster (drover start " + c.ClusterID +
			") and repeat the operation. Nothing was released. To continue all the same, repeat it with force (--force)"
	}
	return c.stage(id, lifecycle.ServiceDestroy, phase, among).forced(force).hints(hint)
}

// initAndStart is CC4 and AN5: init of the roles that run it before start; custom_metadata; start; init of the others.
func (c cluster) initAndStart(id lifecycle.StepID, among lifecycle.Among) procedure {
	return steps(
		c.stage(id, lifecycle.ServiceInit, lifecycle.BeforeStart, among),
		c.customMetadata(id, among),
		c.stage(id, lifecycle.ServiceStart, nil, among),
		c.stage(id, lifecycle.ServiceInit, lifecycle.AfterStart, among),
	)
}

// customMetadata runs custom_metadata of the roles that have it, registers its output as the nodes' tokens, and waits
// until every node of the cluster knows them.
func (c cluster) customMetadata(id lifecycle.StepID, among lifecycle.Among) procedure {
	p := c.stage(id, lifecycle.ServiceCustomMetadata, nil, among)
	if len(p) == 0 {
		return nil
	}
	return steps(p, do(id, publish{}, barrier{c.AgentIDs(nil)}))
}

// boot switches machines on that are off, and waits for their agents. What is published may be older than the machines:
// a start that died half-way has replaced them, and an upgrade their application.
func (c cluster) boot(id lifecycle.StepID) procedure {
	return do(id, power{true, c.NodeIDs()}, powered{off: false}, publish{}, startAgents{c.AgentIDs(nil)})
}

// restart starts services again while an operation is undone, under command ids of its own: the forward start may have
// run and failed.
func (c cluster) restart(id lifecycle.StepID, among lifecycle.Among) effect {
	return serve{as: id + "-undo", stage: c.Stage(lifecycle.ServiceStart, lifecycle.Command, nil, among).Limit(c.among)}
}

// sids names nodes for people: "1-3,7".
func (c cluster) sids(nodes []string) string { return lifecycle.SIDs(c.Refs(lifecycle.Only(nodes))) }

// commandFailed says whether an error is the failure of a package's command.
func commandFailed(err error) bool { return faultOf(err).Type == fault.CommandFailed }
