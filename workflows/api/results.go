package api

import "fmt"

// OperationResult is what a cluster operation returns.
type OperationResult struct {
	ClusterID string `json:"cluster_id"`
	Operation string `json:"operation"`
	// ClusterState is the cluster's state afterwards; "" when it is gone.
	ClusterState string    `json:"cluster_state"`
	Revision     int64     `json:"revision,omitempty"`
	Nodes        int       `json:"nodes"`
	Warnings     []Warning `json:"warnings,omitempty"`
	// Skipped are the failed steps that operators took on themselves: which, who, when and why.
	Skipped []string `json:"skipped,omitempty"`
	// Orphans names resources that could not be released ("local instance i-... : why").
	Orphans []string `json:"orphans,omitempty"`
	// Values are what the operation does to the values of the cluster.
	Values *ValueChanges `json:"values,omitempty"`
	// Added are the nodes that the operation made, at most MaxReported of them, and Endpoints where the cluster is reached.
	Added     []AddedNode `json:"added,omitempty"`
	Endpoints []Reached   `json:"endpoints,omitempty"`
	// Plan is set for dry runs only.
	Plan *Plan `json:"plan,omitempty"`
	// Backup is what a BackupCluster has made.
	Backup string `json:"backup,omitempty"`
}

// MaxReported is how many nodes, and addresses of an endpoint, a result names.
const MaxReported = 20

// AddedNode is a node that an operation made.
type AddedNode struct {
	NodeID string `json:"node_id"`
	Node   string `json:"node"` // "etcd_node/4"
	IP     string `json:"ip"`
}

// Reached is an endpoint with the addresses that serve it, at most MaxReported of them.
type Reached struct {
	Name      string   `json:"name"`
	Protocol  string   `json:"protocol"`
	Addresses []string `json:"addresses"` // "10.0.0.1:2379"
}

// ValueChanges are what an operation does to the values in force of a cluster: Set by a change of parameters or sizes, and
// all of them by an upgrade.
type ValueChanges struct {
	// New are the items that the cluster had no value for, Set those that the request changes.
	New []ValueView `json:"new,omitempty"`
	Set []ValueView `json:"set,omitempty"`
	// Dropped are the paths of values that the version has no item for.
	Dropped []string `json:"dropped,omitempty"`
	// Kept are the others: all of them in a plan, else those that differ from the version's default.
	Kept []ValueView `json:"kept,omitempty"`
}

// ValueView is the value of an item, never that of a password.
type ValueView struct {
	Path  string `json:"path"`
	Value string `json:"value"`
	// Was is the value before, of those that the request changes.
	Was string `json:"was,omitempty"`
	// Default is what the version gives to new clusters, where that is another value; Note says that it does not allow the
	// value to them.
	Default string `json:"default,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Warning is something an operator should look at and that did not stop the operation.
type Warning struct {
	Step    string `json:"step"`
	Node    string `json:"node,omitempty"`
	Message string `json:"message"`
}

// Plan is what an operation would do, or (as trace) what it did: the same walk of the same procedure.
type Plan struct {
	Steps []PlanStep `json:"steps"`
}

// PlanStep is one documented step, or one order group of a stage within it.
type PlanStep struct {
	ID    string `json:"id"`    // "CC4"
	Words string `json:"words"` // "init, order 0"
	// Skipped says why the step does not apply; empty when it runs.
	Skipped string `json:"skipped,omitempty"`
	// Skippable: an operator may let the operation continue past it when it failed and is held.
	Skippable bool `json:"skippable,omitempty"`
	// NoReturn says why a cancel comes too late from this step on; Stays why completed work is not undone from it on.
	NoReturn string `json:"no_return,omitempty"`
	Stays    string `json:"stays,omitempty"`
	// Asks is the service that is asked for the ids of nodes.
	Asks     string        `json:"asks,omitempty"`
	Commands []PlanCommand `json:"commands,omitempty"`
}

// PlanCommand is one command on some nodes of one role, all at the same time.
type PlanCommand struct {
	Role    string `json:"role"`
	Service string `json:"service"`
	Kind    string `json:"kind,omitempty"` // "pre_check", or empty
	Order   int    `json:"order"`
	SIDs    string `json:"sids"` // "1-3,7"
	Nodes   int    `json:"nodes"`
	Cmd     string `json:"cmd,omitempty"` // dry runs only; password values removed
	Timeout int    `json:"timeout_sec"`
}

// ClusterUnreadable is the state of a cluster whose control record cannot be read; ClusterView has the id and the reason.
const ClusterUnreadable = "unreadable"

// ClusterView is what DescribeCluster and ListClusters return (ListClusters without Nodes).
type ClusterView struct {
	ClusterID string `json:"cluster_id"`
	Name      string `json:"name"`
	App       string `json:"app"`
	// Version is what runs; Target is where an upgrade leads to that is not finished, "" when there is none.
	Version   string `json:"version"`
	Target    string `json:"target_version,omitempty"`
	Provider  string `json:"provider"`
	State     string `json:"state"`
	Reason    string `json:"reason,omitempty"`
	Revision  int64  `json:"revision"`
	CreatedAt string `json:"created_at"`
	NodeCount int    `json:"node_count"`
	// Labels are what people noted; Protected refuses a deletion.
	Labels    map[string]string `json:"labels,omitempty"`
	Protected bool              `json:"protected,omitempty"`
	// Keep is how long the cluster stays in the recycle bin when it is deleted; empty: as the worker says. Binned is since and
	// until when it is there.
	Keep   string  `json:"keep,omitempty"`
	Binned *Binned `json:"binned,omitempty"`
	// Off: the machines are powered off.
	Off bool `json:"powered_off,omitempty"`
	// Maintenance is since when nothing is healed (RFC 3339, UTC); empty: it is. Heal is the highest level of healing: action (the
	// package's own, also when empty), restart, repair or replace.
	Maintenance string `json:"maintenance,omitempty"`
	Heal        string `json:"heal,omitempty"`
	// Health counts the nodes by health, as their agents reported it last, or said when they were asked; nil when nothing is
	// known of it.
	Health    *Health       `json:"health,omitempty"`
	Operation OperationView `json:"operation"`
	Endpoints []Endpoint    `json:"endpoints,omitempty"`
	Nodes     []NodeView    `json:"nodes,omitempty"`
	Orphans   []string      `json:"orphans,omitempty"`
	// Refuses are the operations that the cluster's state does not allow, by name; DescribeCluster alone fills it.
	Refuses map[string]Refusal `json:"refuses,omitempty"`
}

// Health counts the nodes of a cluster.
type Health struct {
	Healthy   int `json:"healthy"`
	Unhealthy int `json:"unhealthy"`
	// Unknown: the agent responds and has not decided yet. Unchecked: the package has no health check for the node.
	Unknown   int `json:"unknown"`
	Unchecked int `json:"unchecked"`
	// Silent: the agent does not report, or does not respond when it is asked. Off: the machine is off, or there is none yet.
	Silent int `json:"silent"`
	Off    int `json:"off"`
}

// Refusal is why an operation may not start, and what to do.
type Refusal struct {
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

// OperationView is the running or last operation of a cluster.
type OperationView struct {
	Type      string `json:"type"`
	State     string `json:"state"`
	Seq       int    `json:"seq"`
	RunID     string `json:"run_id"`
	StartedAt string `json:"started_at"`
	// Step is where it is, Since from when on; drover list and status fill them in while it runs.
	Step  string `json:"step,omitempty"`
	Since string `json:"since,omitempty"`
	// Skipped are the failed steps that operators took on themselves.
	Skipped []string `json:"skipped,omitempty"`
}

// Endpoint is a resolved port of the cluster: "client tcp 2379".
type Endpoint struct {
	Name     string `json:"name"`
	Port     string `json:"port"`
	Protocol string `json:"protocol"`
}

// NodeView is one node of a cluster.
type NodeView struct {
	NodeID     string `json:"node_id"`
	InstanceID string `json:"instance_id"`
	Role       string `json:"role"`
	SID        int    `json:"sid"`
	IP         string `json:"ip"`
	CPU        int    `json:"cpu"`
	Memory     int    `json:"memory"`
	VolumeSize int    `json:"volume_size"`
	// Agent is the agent's own word: its applied revision, "off", "unreachable: ..." or "" when not asked.
	Agent string `json:"agent,omitempty"`
	// Waits is the check_cmd or reload_cmd that keeps the agent from applying a revision, with its resource and times.
	Waits string `json:"waits,omitempty"`
	// NoAgent: the role has none.
	NoAgent bool `json:"no_agent,omitempty"`
	// Settles is after how many seconds a node that is well again is seen healthy.
	Settles int `json:"settles_sec,omitempty"`
	// Health is healthy, unhealthy, unknown, disabled (no health check), gone (the agent is silent) or off, HealthSince from when
	// on, and HealthReason why it is not healthy.
	Health       string `json:"health,omitempty"`
	HealthSince  string `json:"health_since,omitempty"`
	HealthReason string `json:"health_reason,omitempty"`
	// Failing are the templates and reload commands that fail on the node.
	Failing []string `json:"failing,omitempty"`
	// SSH is how workers log in to the node; absent when not asked for, and before there is a machine.
	SSH *NodeSSH `json:"ssh,omitempty"`
}

// NodeSSH is how workers log in to a node.
type NodeSSH struct {
	SSHServer
	// Jump is the host that the connection goes through; absent: a direct connection.
	Jump *SSHServer `json:"jump,omitempty"`
}

// SSHServer is one log-in. HostKey is the key that the server must have, one line as in authorized_keys; KeyFile the file of the
// private key on the workers.
type SSHServer struct {
	Address string `json:"address"` // host:port
	User    string `json:"user"`
	HostKey string `json:"host_key"`
	KeyFile string `json:"key_file"`
}

// Label is how people know the node: "etcd_node/1", and "node/1" where there are no roles.
func (n NodeView) Label() string {
	role := n.Role
	if role == "" {
		role = "node"
	}
	return fmt.Sprintf("%s/%d", role, n.SID)
}

// ClusterList is a page of the clusters that match.
type ClusterList struct {
	Clusters []ClusterView `json:"clusters"`
	// Matching counts the clusters that pass the filters, Total all of the installation.
	Matching int `json:"matching"`
	Total    int `json:"total"`
	// Next is the After of the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

// AppView is one published application version.
type AppView struct {
	App         string `json:"app"`
	Version     string `json:"version"`
	Digest      string `json:"digest"` // sha256 of the archive
	PublishedAt string `json:"published_at"`
	// Roles in order, "" for role-less.
	Roles []string `json:"roles"`
	// Yanked is since when the version is not given to new clusters, "" when it is.
	Yanked string `json:"yanked,omitempty"`
	// Problem is why the description in Consul cannot be read, "" when it can.
	Problem string `json:"problem,omitempty"`
}

// UnpublishedApp is a version that is not published any more.
type UnpublishedApp struct {
	App     string `json:"app"`
	Version string `json:"version"`
}

// AppList is the result of ListApps, newest version of each app first.
type AppList struct {
	Apps []AppView `json:"apps"`
}

// ProviderView is one provider of the worker that answered.
type ProviderView struct {
	Name         string          `json:"name"`
	Default      bool            `json:"default,omitempty"`
	Capabilities map[string]bool `json:"capabilities"`
	Notes        []string        `json:"notes,omitempty"`
	// Problem says why the provider is unhealthy, and Hint what to do; both empty when it is well.
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// ProviderList is the result of ListProviders, by name.
type ProviderList struct {
	Providers []ProviderView `json:"providers"`
}

// HostView is a machine that was given to a provider.
type HostView struct {
	Provider   string            `json:"provider,omitempty"`
	Name       string            `json:"name"`
	Address    string            `json:"address"`
	User       string            `json:"user"`
	Bastion    string            `json:"bastion,omitempty"`
	Roles      []string          `json:"roles,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	ClusterID  string            `json:"cluster_id,omitempty"`
	NodeID     string            `json:"node_id,omitempty"`
	InstanceID string            `json:"instance_id,omitempty"`
	// State is free, preparing, running, off or releasing.
	State  string      `json:"state"`
	Checks []HostCheck `json:"checks,omitempty"`
}

// HostCheck is one test of a machine.
type HostCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

// HostList is the result of ListHosts.
type HostList struct {
	Hosts []HostView `json:"hosts"`
}
