package lifecycle

import (
	"drover/remote/target"
	"drover/specs"
)

// Node is one member of a cluster as the control record keeps it. Its ID is stable for the node's life; InstanceID is
// the machine behind it and changes when the machine is replaced.
type Node struct {
	ID         string `json:"node_id"`     // cln-xxxxxxxx
	InstanceID string `json:"instance_id"` // i-xxxxxxxx
	Role       string `json:"role"`        // "" when role-less
	SID        int    `json:"sid"`
	GID        int    `json:"gid"`
	GSID       int    `json:"gsid"` // 9 digits, globally unique
	// What the node was given. Memory in MiB, VolumeSize in GiB.
	CPU           int    `json:"cpu"`
	Memory        int    `json:"memory"`
	GPU           int    `json:"gpu,omitempty"`
	VolumeSize    int    `json:"volume_size,omitempty"`
	InstanceClass string `json:"instance_class,omitempty"`
	VolumeClass   string `json:"volume_class,omitempty"`
	GPUClass      string `json:"gpu_class,omitempty"`
	// VolumeIDs, one per mount point, in the role's order.
	VolumeIDs []string `json:"volume_ids,omitempty"`
	// What the provider answered at provisioning; empty before.
	IP              string `json:"ip,omitempty"`
	EIP             string `json:"eip,omitempty"`
	MAC             string `json:"mac,omitempty"`
	Zone            string `json:"zone,omitempty"`
	Hypervisor      string `json:"hypervisor,omitempty"`
	PhysicalMachine string `json:"physical_machine,omitempty"`
	// SSH is how the node is reached; its host key is pinned at provisioning.
	SSH target.Target `json:"ssh"`
	// What came later: the public half of the role's key pair, and the custom_metadata output.
	PubKey string `json:"pub_key,omitempty"`
	// PrivateKey is the private half (OpenSSH PEM): on the node and here, never in metadata.
	PrivateKey string `json:"private_key,omitempty"`
	Token      string `json:"token,omitempty"`
	// HasToken: the agent was started with the cluster's Consul token.
	HasToken bool `json:"has_token,omitempty"`
	// AgentHas identifies the settings the agent was started with last: others have to be given to it.
	AgentHas string `json:"agent_has,omitempty"`
	// AgentOn is the instance on which the agent was started last: on another one no command ever ran.
	AgentOn string `json:"agent_on,omitempty"`
	// VersionID is the application version whose image the machine boots; NextInstanceID was chosen for the machine
	// that replaces it.
	VersionID      string `json:"version_id,omitempty"`
	NextInstanceID string `json:"next_instance_id,omitempty"`
	// Was is the size the machine had before the scaling that is under way.
	Was *Size `json:"was,omitempty"`
}

// Record is the control record of a cluster: everything Drover knows, readable by Drover only. Nodes have no access.
type Record struct {
	ClusterID string `json:"cluster_id"`
	Name      string `json:"name"` // unique among all clusters; nodes do not see a change
	AppID     string `json:"app_id"`
	VersionID string `json:"version_id"`
	// Package is the SHA-256 of the published archive that the version had when the cluster got it; empty in records of earlier versions.
	Package  string `json:"package,omitempty"`
	Provider string `json:"provider"`
	UserID   string `json:"user_id"`
	Zone     string `json:"zone,omitempty"`
	// GlobalUUID seeds passwords in packages: it never changes.
	GlobalUUID string `json:"global_uuid"`
	State      State  `json:"state"`
	// Reason says in one sentence why the state is what it is; empty when active.
	Reason string `json:"reason,omitempty"`
	// EverActive is true from the first successful creation on: only then can nodes hold data a guard must protect.
	EverActive bool `json:"ever_active"`
	// Values are in force: what was given, and the defaults of the version that ran when an item appeared. A count or size
	// that an operation has changed is what nodes and Spec say (InForce).
	Values Values         `json:"values,omitempty"`
	Spec   *specs.Cluster `json:"spec"`
	Nodes  []Node         `json:"nodes"` // ordered by role (spec order), then sid
	// Revision is the last metadata revision published for the cluster.
	Revision int64 `json:"revision"`
	// Operation is the running or last operation; Seq counts operations of the cluster from 1.
	Operation Operation `json:"operation"`
	// CreatedAt is RFC 3339, UTC.
	CreatedAt string `json:"created_at"`
	// Labels are for people and filters. Protected refuses to delete the cluster, and force.
	Labels    map[string]string `json:"labels,omitempty"`
	Protected bool              `json:"protected,omitempty"`
	// Keep is how long the cluster stays in the recycle bin when it is deleted, a duration; empty: as the worker says.
	Keep string `json:"keep,omitempty"`
	// Binned is set while the cluster is in the recycle bin.
	Binned *Binned `json:"binned,omitempty"`
	// Maintenance is since when nothing is healed, RFC 3339, UTC; empty: it is. Heal is the highest level of healing, empty: HealAction.
	Maintenance string `json:"maintenance,omitempty"`
	Heal        string `json:"heal,omitempty"`
	// Adding, Deleting and VerticalScaling are the temporary folders' contents: node ids, and role names.
	Adding          []string `json:"adding,omitempty"`
	Deleting        []string `json:"deleting,omitempty"`
	VerticalScaling []string `json:"vertical_scaling,omitempty"`
	// Releasing are the nodes whose resources are being released: there is no way back for them.
	Releasing []string `json:"releasing,omitempty"`
	// Open are the nodes on which a command of an operation that is over may still run: how it ends is not known. They are
	// asked before the next operation begins.
	Open []string `json:"open,omitempty"`
	// PoweredOff says that StopCluster switched the machines off.
	PoweredOff bool `json:"powered_off,omitempty"`
	// Target is where an upgrade that is not finished leads to; VersionID and Spec are what runs, and the way back. Whatever
	// makes the cluster active ends it: the end of the upgrade makes it what runs.
	Target *Version `json:"target,omitempty"`
	// UpgradeFrom is /upgrade-audit/from_app_version during an upgrade. While it is set, nodes see the target.
	UpgradeFrom string `json:"upgrade_from,omitempty"`
	// ConsulToken is the secret of the token the cluster's agents read their metadata with; empty while Drover gives out
	// none. It is kept so that a token that was lost is made again as nodes know it.
	ConsulToken string `json:"consul_token,omitempty"`
	// RestoredFrom is the backup that the cluster was made from; empty where it was created.
	RestoredFrom string `json:"restored_from,omitempty"`
	// Prints are what the package's verify printed during the operation that runs, by node.
	Prints map[string]Print `json:"prints,omitempty"`
}

// Version is an application version, its specification and the values that are in force with it.
type Version struct {
	VersionID string         `json:"version_id"`
	Package   string         `json:"package,omitempty"`
	Spec      *specs.Cluster `json:"spec"`
	Values    Values         `json:"values,omitempty"`
}

// OperationRunning is the state of an operation that has not ended.
const OperationRunning = "running"

// Operation names one run of an operation on a cluster.
type Operation struct {
	Seq   int    `json:"seq"`
	Type  string `json:"type"`   // workflow type
	RunID string `json:"run_id"` // first run of the chain: the owner
	// State is "running", or how it ended: "succeeded", "failed", "cancelled".
	State     string `json:"state"`
	StartedAt string `json:"started_at"` // RFC 3339, UTC
	// Clearing: the operation has begun by clearing what an earlier one that died left, and has not begun itself.
	Clearing bool `json:"clearing,omitempty"`
	// Skipped are the failed steps that operators took on themselves: which, who, when and why.
	Skipped []string `json:"skipped,omitempty"`
	// Chose are the NextInstanceIDs that nodes had before the operation chose others, by node id: until it has begun, that
	// can be undone.
	Chose map[string]string `json:"chose,omitempty"`
	// Backup is what an operation on a backup was promised when it began.
	Backup *BackupWork `json:"backup,omitempty"`
	// Keep is how long a deletion keeps the cluster in the recycle bin, a duration; empty: not at all.
	Keep string `json:"keep,omitempty"`
}

// Choose notes the machine that will replace a node's; "" is none.
func (r *Record) Choose(n *Node, instanceID string) {
	if r.Operation.Chose == nil {
		r.Operation.Chose = map[string]string{}
	}
	if _, known := r.Operation.Chose[n.ID]; !known {
		r.Operation.Chose[n.ID] = n.NextInstanceID
	}
	n.NextInstanceID = instanceID
}

// TakeBackChoices makes the machines that will replace others those that were chosen before the operation.
func (r *Record) TakeBackChoices() {
	for i := range r.Nodes {
		if before, chosen := r.Operation.Chose[r.Nodes[i].ID]; chosen {
			r.Nodes[i].NextInstanceID = before
		}
	}
	r.Operation.Chose = nil
}

// Node finds a node by id.
func (r *Record) Node(id string) (*Node, bool) {
	for i := range r.Nodes {
		if r.Nodes[i].ID == id {
			return &r.Nodes[i], true
		}
	}
	return nil, false
}

// Running is the version that runs, or ran before an upgrade that is not finished.
func (r *Record) Running() Version { return Version{r.VersionID, r.Package, r.Spec, r.Values} }

// On is the version whose image a node's machine boots.
func (r *Record) On(n Node) Version {
	if r.Target != nil && n.VersionID == r.Target.VersionID {
		return *r.Target
	}
	return r.Running()
}

// Shown is the version that nodes see in metadata.
func (r *Record) Shown() Version {
	if r.Target != nil && r.UpgradeFrom != "" {
		return *r.Target
	}
	return r.Running()
}

// Upgraded are the nodes whose machines boot the target of an upgrade.
func (r *Record) Upgraded() []string {
	var ids []string
	for _, n := range r.Nodes {
		if r.Target != nil && n.VersionID == r.Target.VersionID {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// Commit makes the target of an upgrade what runs.
func (r *Record) Commit() {
	if r.Target == nil {
		return
	}
	if r.Target.Values != nil { // an upgrade that began before targets had values keeps those of the record
		r.Values = r.Target.Values
	}
	r.VersionID, r.Package, r.Spec, r.Target = r.Target.VersionID, r.Target.Package, r.Target.Spec, nil
}

// NamedNodes are the nodes with these ids, in that order; ids that the record does not have are left out.
func (r *Record) NamedNodes(ids []string) []Node {
	byID := make(map[string]Node, len(r.Nodes))
	for _, n := range r.Nodes {
		byID[n.ID] = n
	}
	var nodes []Node
	for _, id := range ids {
		if n, ok := byID[id]; ok {
			nodes = append(nodes, n)
		}
	}
	return nodes
}
