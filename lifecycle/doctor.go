package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sight is what the four places that know a cluster say of it at one moment: the control record, the provider, the
// metadata with who may read it, and the agents on the nodes. Whether its operation runs is known to the workflow engine.
type Sight struct {
	ClusterID string
	Record    *Record // nil: there is none
	// OperationRuns: an operation of the cluster is open at the workflow engine.
	OperationRuns bool
	Provider      ProviderSight
	Metadata      MetadataSight
	Access        AccessSight
	Agents        map[string]AgentSight // by node id; nodes without an agent are left out
	Orphans       []Orphan
	// Now is the time of the look.
	Now time.Time
	// LostLinks are the names of links to clusters that do not exist any more.
	LostLinks []string
}

// ProviderSight is what a provider lists for the cluster. Problem says why it could not be asked.
type ProviderSight struct {
	Problem   string
	Instances []InstanceSight
	Volumes   []ResourceSight
}

// InstanceSight is one instance at the provider.
type InstanceSight struct {
	ResourceSight
	On      bool
	HostKey string
	IP      string
}

// ResourceSight is one resource at a provider, and the node it is tagged with.
type ResourceSight struct{ Provider, ID, NodeID string }

// MetadataSight is what nodes can see of their cluster.
type MetadataSight struct {
	// Root is where they begin in Consul: "drover/clusters/cl-x/".
	Root     string
	Revision int64
	// Keys are the documented keys as they are in Consul, Should as the control record makes them.
	Keys, Should map[string]string
	// Operation is the mark for agents: the running operation, or the state of a cluster that is not active. HalfWay marks an interrupted publish.
	Operation string
	HalfWay   bool
}

// AgentSight is what the agent of a node says, or why it says nothing.
type AgentSight struct {
	Problem    string
	Revision   int64
	InstanceID string
	Running    []string
	Health     string // "unhealthy" is a finding
	Waits      string // what keeps it from applying a newer revision
}

// Finding is one mismatch, and the command that puts it right.
type Finding struct {
	// Where: "record", "provider", "metadata", "access", "agent", "orphans".
	Where string
	Node  string // node id, or empty
	What  string
	// Repair is the exact command after which the finding is gone; Advice is what to know before it is run. Where nothing Drover
	// does can help, there is advice alone.
	Repair string
	Advice string
}

// Diagnose compares what is known of a cluster. While an operation runs, what it changes is not compared.
func Diagnose(s Sight) []Finding {
	d := diagnosis{Sight: s}
	if s.Record == nil {
		d.unknown()
		if !s.OperationRuns {
			d.access()
		}
	} else {
		d.operation()
		d.links()
		d.groups()
		if !s.OperationRuns {
			d.resources()
			d.metadata()
			d.access()
			d.agents()
		}
	}
	d.orphans()
	d.repairs()
	return d.found
}

type diagnosis struct {
	Sight
	found []Finding
	mends []mend // of each finding
}

// mend is how a repair of the cluster puts a finding right.
type mend int

const (
	otherwise mend = iota // it does not
	whole                 // whatever nodes are named
	taken                 // when the node is named
	risked                // when the node is named, and then something may be lost
)

func (d *diagnosis) add(f Finding, what string, args ...any) {
	d.addRepaired(otherwise, f, what, args...)
}

// addRepaired adds a finding of which a repair of the cluster is the way out: repairs writes its command.
func (d *diagnosis) addRepaired(by mend, f Finding, what string, args ...any) {
	f.What = fmt.Sprintf(what, args...)
	d.found, d.mends = append(d.found, f), append(d.mends, by)
}

// repairs writes the commands that make the cluster again what its record says. All nodes whose machines must be taken or made
// are in one command: a repair needs every node. Those where that may lose something are named only where that is said.
func (d *diagnosis) repairs() {
	var all []string
	risk := map[string]bool{}
	for i, by := range d.mends {
		node := d.found[i].Node
		if (by == taken || by == risked) && !slices.Contains(all, node) {
			all = append(all, node)
		}
		risk[node] = risk[node] || by == risked
	}
	safe := slices.DeleteFunc(slices.Clone(all), func(node string) bool { return risk[node] })
	for i, by := range d.mends {
		switch by {
		case otherwise:
		case risked:
			d.found[i].Repair = d.repair(all)
		case whole, taken:
			d.found[i].Repair = d.repair(safe)
		}
	}
}

func (d *diagnosis) repair(nodes []string) string {
	if May(OpRepairCluster, d.Record.State) != nil {
		return d.wayOn(d.Record.State)
	}
	words := "drover repair " + d.ClusterID
	if len(nodes) > 0 {
		words += " --nodes " + strings.Join(nodes, ",")
	}
	return words
}

func (d *diagnosis) collect() string { return "drover orphans " + d.ClusterID + " --collect" }

// unknown is a cluster without a record: nothing may be left of it.
func (d *diagnosis) unknown() {
	if d.OperationRuns {
		return // it is just being created, or its deletion ends
	}
	if d.Provider.Problem != "" {
		d.add(Finding{Where: "provider", Repair: "drover providers", Advice: "check the provider with drover providers, fix it and retry"}, "the provider cannot be queried: %s", d.Provider.Problem)
	}
	for _, i := range d.Provider.Instances {
		d.add(Finding{Where: "provider", Repair: d.collect()}, "the cluster has no record, but %s has instance %s", i.Provider, i.ID)
	}
	for _, v := range d.Provider.Volumes {
		d.add(Finding{Where: "provider", Repair: d.collect()}, "the cluster has no record, but %s has volume %s", v.Provider, v.ID)
	}
	if n := len(d.Metadata.Keys); n > 0 {
		d.add(Finding{Where: "metadata", Repair: d.collect()},
			"the cluster has no record, but Consul has %d keys visible to nodes", n)
	}
}

// links: what the cluster links to is there. Links are chosen at creation and stay.
func (d *diagnosis) links() {
	for _, name := range d.LostLinks {
		d.add(Finding{Where: "record", Advice: "create another cluster that links to an existing one, and delete this one when it is no longer needed"},
			"link %s refers to %s, which was deleted with force", name, d.Record.Spec.Links[name])
	}
}

// groups: replicas belong to a master. No operation leaves others behind; a record that was repaired by hand may name them.
func (d *diagnosis) groups() {
	r := d.Record
	if r.Spec == nil || d.OperationRuns {
		return
	}
	type group struct {
		role string
		gid  int
	}
	masters := map[group]bool{}
	for _, n := range r.Nodes {
		masters[group{n.Role, n.GID}] = true
	}
	var lost []Node
	for _, n := range r.Nodes {
		if role, ok := r.Spec.Role(n.Role); ok && role.ReplicaOf != "" && !masters[group{role.ReplicaOf, n.GID}] {
			lost = append(lost, n)
		}
	}
	repair := d.wayOn(r.State)
	if r.State == Active {
		repair = "drover delete-nodes " + d.ClusterID
		for _, n := range lost {
			repair += " " + n.ID
		}
	}
	for _, n := range lost {
		d.add(Finding{Where: "record", Node: n.ID, Repair: repair, Advice: "check first that the application keeps no data on it alone"},
			"%s is a replica without a master: no node of its master role has gid %d", Label(n.Role, n.SID), n.GID)
	}
}

// operation: the record, the engine and the agents' mark say the same about what runs.
func (d *diagnosis) operation() {
	r := d.Record
	says := r.Operation.State == running
	if says && !d.OperationRuns {
		d.addWayOn("record", AfterDeath(r),
			"the record contains %s as running since %s, but it is not running: it was terminated, or its server was lost", r.Operation.Type, r.Operation.StartedAt)
	}
	if d.OperationRuns || says {
		return
	}
	switch mark := d.Metadata.Operation; {
	case mark == r.Mark():
	case mark != "":
		d.addWayOn("metadata", r.State,
			"agents skip health checks because the mark for them is %s, but no operation is running and the cluster is %s", mark, r.State)
	case !r.PoweredOff && r.State != Deleting:
		d.addWayOn("metadata", r.State, "agents act on failing health checks although the cluster is %s", r.State)
	}
	switch r.State {
	case Active, Stopped:
	case Deleted:
		d.overdue()
	default:
		d.addWayOn("record", r.State, "the cluster is %s: %s", r.State, orSilent(r.Reason))
	}
	for _, folder := range []struct {
		name    string
		content []string
	}{{"/adding-hosts", r.Adding}, {"/deleting-hosts", r.Deleting}, {"/vertical-scaling-roles", r.VerticalScaling}} {
		if len(folder.content) > 0 {
			d.addWayOn("record", r.State, "%s is not empty, but no operation is running", folder.name)
		}
	}
}

func orSilent(reason string) string {
	if reason == "" {
		return "no reason recorded"
	}
	return reason
}

// addWayOn adds a finding that the operation which leads out of a state puts right.
func (d *diagnosis) addWayOn(where string, s State, what string, args ...any) {
	if s == Active {
		d.addRepaired(whole, Finding{Where: where}, what, args...)
		return
	}
	d.add(Finding{Where: where, Repair: d.wayOn(s)}, what, args...)
}

// wayOn is the operation that leads a cluster out of a state, and on its way clears what a dead one left.
func (d *diagnosis) wayOn(s State) string {
	switch s {
	case Stopped:
		return "drover start " + d.ClusterID
	case UpgradeFailed:
		return "drover downgrade " + d.ClusterID
	case Deleted:
		return "drover recover " + d.ClusterID
	case Creating, Failed, Deleting:
		return "drover delete " + d.ClusterID
	}
	return "drover repair " + d.ClusterID
}
