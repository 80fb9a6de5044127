package specs

import (
	"encoding/json"

	agentapi "drover/agent/api"
)

// Cluster is a rendered application package: the specification of one cluster. It is plain data, safe to store as JSON
// (in the control record) and to compare. Values of password-typed parameters are listed in Secrets so that every consumer that
// prints something can remove them.
type Cluster struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	VxNet       string `json:"vxnet,omitempty"`
	// Roles in the order of the template's nodes[]; a role with replicas is followed by its `<role>-replica` role.
	Roles []Role `json:"roles"`
	// Env is the cluster-level env: cluster.json key to its published text (numbers in shortest form, true/false).
	Env map[string]string `json:"env,omitempty"`
	// Links maps link name to the linked cluster's id; "" when the link is declared and not set.
	Links map[string]string `json:"links,omitempty"`
	// AdvancedActions of the cluster; a role's own list, even empty, overrides it.
	AdvancedActions    []string                   `json:"advanced_actions,omitempty"`
	UpgradePolicy      []string                   `json:"upgrade_policy,omitempty"`
	UpgradingPolicy    string                     `json:"upgrading_policy"` // "parallel" (default) or "sequential"
	MultiZonePolicy    string                     `json:"multi_zone_policy,omitempty"`
	Endpoints          map[string]Endpoint        `json:"endpoints,omitempty"`
	ReservedIPs        map[string]string          `json:"reserved_ips,omitempty"` // endpoints.reserved_ips.<name>.value
	MetadataRootAccess bool                       `json:"metadata_root_access,omitempty"`
	BackupPolicy       string                     `json:"backup_policy,omitempty"`
	IncrementalBackup  bool                       `json:"incremental_backup_supported,omitempty"`
	Extra              map[string]json.RawMessage `json:"extra,omitempty"` // keys not known here, kept
	// Secrets are the values of password-typed parameters (never empty strings), for redaction. Never printed.
	Secrets []string `json:"secrets,omitempty"`
}

// Role is one entry of nodes[], or the replica role derived from one.
type Role struct {
	Name string `json:"role"` // "" when the package is role-less
	// ReplicaOf names the master role when this is a derived `-replica` role.
	ReplicaOf string `json:"replica_of,omitempty"`
	// MinCount is the least the configuration allows for Count; where it says nothing it is 1, and 0 for a role that may be
	// created without nodes or contains replicas.
	MinCount int `json:"min_count,omitempty"`
	// Items maps count, cpu, memory and volume_size to the config.json items they come from; a literal has none.
	Items map[string]string `json:"items,omitempty"`
	// Replica is the number of replicas of each node of this (master) role.
	Replica               int       `json:"replica,omitempty"`
	Container             Container `json:"container"`
	Count                 int       `json:"count"` // for a replica role: masters × replica
	CPU                   int       `json:"cpu"`
	Memory                int       `json:"memory"` // MiB
	GPU                   int       `json:"gpu,omitempty"`
	InstanceClass         string    `json:"instance_class,omitempty"`
	VolumeClass           string    `json:"volume_class,omitempty"`
	GPUClass              string    `json:"gpu_class,omitempty"`
	Zone                  string    `json:"zone,omitempty"`
	Volume                *Volume   `json:"volume,omitempty"`
	Passphraseless        string    `json:"passphraseless,omitempty"` // "ssh-rsa" or "ssh-dsa"
	VerticalScalingPolicy string    `json:"vertical_scaling_policy"`  // "parallel" (default) or "sequential"
	UserAccess            bool      `json:"user_access,omitempty"`
	ServerIDUpperBound    int       `json:"server_id_upper_bound,omitempty"` // 0: none
	AgentInstalled        bool      `json:"agent_installed"`                 // default true
	// Services by name. A service absent here is not defined; an empty Cmd counts as success.
	Services map[string]Service `json:"services,omitempty"`
	// Env of this role, overlaying the cluster's.
	Env map[string]string `json:"env,omitempty"`
	// AdvancedActions: nil when the role has none of its own.
	AdvancedActions []string                   `json:"advanced_actions"`
	HealthCheck     *agentapi.HealthCheck      `json:"health_check,omitempty"` // merged per key over the cluster's; nil: none
	Monitor         *Monitor                   `json:"monitor,omitempty"`      // merged per key over the cluster's; nil: none
	CustomMetadata  *CustomMetadata            `json:"custom_metadata,omitempty"`
	LoadBalancer    json.RawMessage            `json:"loadbalancer,omitempty"`
	Extra           map[string]json.RawMessage `json:"extra,omitempty"`
}

// Keys of Role.Items.
const (
	ItemCount      = "count"
	ItemCPU        = "cpu"
	ItemMemory     = "memory"
	ItemVolumeSize = "volume_size"
)

// Master is the role whose counter and selection this role shares: itself, or its master role when it is a replica.
func (r Role) Master() string {
	if r.ReplicaOf != "" {
		return r.ReplicaOf
	}
	return r.Name
}

// Container says what a node boots from.
type Container struct {
	Type  string `json:"type"`
	Image string `json:"image"`
	Zone  string `json:"zone,omitempty"`
}

// Volume is the persistent storage of each node of a role.
type Volume struct {
	Size         int      `json:"size"` // GiB, total per node, split over MountPoints
	MountPoints  []string `json:"mount_points"`
	Filesystem   string   `json:"filesystem,omitempty"`
	MountOptions string   `json:"mount_options,omitempty"`
	Class        string   `json:"class,omitempty"`
}

// Service is a named command of a role.
type Service struct {
	Name             string `json:"name"`
	Cmd              string `json:"cmd"`
	Order            int    `json:"order,omitempty"`
	NodesToExecuteOn int    `json:"nodes_to_execute_on,omitempty"` // 0: all
	Timeout          int    `json:"timeout"`                       // seconds, default 600
	PreCheck         string `json:"pre_check,omitempty"`
	PostStartService bool   `json:"post_start_service,omitempty"`
	PostStopService  bool   `json:"post_stop_service,omitempty"`
	AllowForce       bool   `json:"allow_force"` // default true
	Selector         string `json:"selector,omitempty"`
	// ServiceParams is the object of declared parameters with their defaults.
	ServiceParams json.RawMessage `json:"service_params,omitempty"`
	// ParamItems maps a parameter to the config.json item its value comes from; parameters written as a literal have none.
	ParamItems map[string]string `json:"param_items,omitempty"`
	Custom     bool              `json:"custom,omitempty"` // type: "custom"
	// Extra are the keys not known here, kept.
	Extra map[string]json.RawMessage `json:"extra,omitempty"`
}

// Monitor is the package's metrics command; its items and groups are kept as written.
type Monitor struct {
	Enable  bool            `json:"enable"`
	Cmd     string          `json:"cmd"`
	Items   json.RawMessage `json:"items,omitempty"`
	Groups  json.RawMessage `json:"groups,omitempty"`
	Display json.RawMessage `json:"display,omitempty"`
	Alarm   json.RawMessage `json:"alarm,omitempty"`
}

// CustomMetadata is a command whose standard output becomes /hosts/<role>/<instance>/token.
type CustomMetadata struct {
	Cmd string `json:"cmd"`
}

// Endpoint is a published port. Port keeps the package's words: digits, "env.KEY", "ROLE.env.KEY" or a range.
type Endpoint struct {
	Port     string `json:"port"`
	Protocol string `json:"protocol"`
}

// Role finds a role by name.
func (c *Cluster) Role(name string) (*Role, bool) {
	for i := range c.Roles {
		if c.Roles[i].Name == name {
			return &c.Roles[i], true
		}
	}
	return nil, false
}

// RoleEnv is the env a node of the role sees: the cluster's, overlaid by the role's own.
func (c *Cluster) RoleEnv(role string) map[string]string {
	out := make(map[string]string, len(c.Env))
	for k, v := range c.Env {
		out[k] = v
	}
	if r, ok := c.Role(role); ok {
		for k, v := range r.Env {
			out[k] = v
		}
	}
	return out
}
