package providers

import (
	"context"
	"slices"

	"drover/remote/target"
)

// Provider makes machines and volumes. The contract:
//
//   - Every call is idempotent under the id the caller chose: creating what exists with that id returns it unchanged,
//     deleting what is not there succeeds.
//   - Everything is tagged with cluster and node id and can be listed by cluster, whatever process created it.
//   - An id that exists in another cluster is a Conflict, never handed out. What is needed and not there is NotFound;
//     what cannot be is Invalid, and then nothing was made; what is in use is a Conflict.
//   - A call that died half-way is finished by the same call again and cleared by a delete; until then List shows it.
//   - The root disk survives Stop and Start; ReplaceImage gives a fresh one (also with the same image).
//   - Errors are fault.Fault values.
//   - Calls on different ids run concurrently; a call returns only when its effect can be observed.
type Provider interface {
	Name() string
	Capabilities() Capabilities

	// EnsureNetwork records or creates the network clusters of that vxnet join.
	EnsureNetwork(ctx context.Context, n Network) error
	DeleteNetwork(ctx context.Context, clusterID, vxnet string) error

	CreateVolume(ctx context.Context, v VolumeSpec) (Volume, error)
	GrowVolume(ctx context.Context, id string, sizeGiB int) error
	DeleteVolume(ctx context.Context, id string) error

	// CreateInstance makes and boots an instance and returns when SSH on it accepts connections.
	CreateInstance(ctx context.Context, s InstanceSpec) (Instance, error)
	// StartInstance boots a stopped instance; StopInstance powers it off: every process in it ends, volumes stay.
	StartInstance(ctx context.Context, id string) (Instance, error)
	StopInstance(ctx context.Context, id string) error
	// ResizeInstance changes cpu and memory. Providers without Capabilities.ResizeRunning want it stopped.
	ResizeInstance(ctx context.Context, id string, size Size) error
	// ReplaceImage makes instance s.ID (a new id) in place of oldID with another image; address, volumes and tags are
	// kept, and oldID is gone afterwards. Idempotent under s.ID.
	ReplaceImage(ctx context.Context, oldID string, s InstanceSpec) (Instance, error)
	DeleteInstance(ctx context.Context, id string) error

	// List returns everything tagged with the cluster; "" asks for everything of this installation, whatever its cluster.
	// What cannot be read is in neither way of an answer: it is named in Unreadable.
	List(ctx context.Context, clusterID string) (Resources, error)
}

// Capabilities say what a provider can do; callers branch on these and never on names.
type Capabilities struct {
	ResizeRunning     bool `json:"resize_running"`      // cpu/memory of a running instance
	GrowMountedVolume bool `json:"grow_mounted_volume"` // volumes grow while in use
	EnforcesCPU       bool `json:"enforces_cpu"`        // limits are real, not only recorded
	EnforcesMemory    bool `json:"enforces_memory"`
	EnforcesVolume    bool `json:"enforces_volume"`
	// Fixed: machines are given, not made. Their size, image and power cannot be changed, and their root disks stay.
	Fixed             bool `json:"fixed"`
	AgentPreinstalled bool `json:"agent_preinstalled"` // instances come with drover-agent at /opt/drover/bin
	// NoSnapshots says why the provider takes no snapshots of volumes. Empty: it implements Snapshots.
	NoSnapshots string `json:"no_snapshots,omitempty"`
	// Notes are sentences for operators: what is not enforced here, and why.
	Notes []string `json:"notes,omitempty"`
}

// Tags mark every resource.
type Tags struct {
	ClusterID string `json:"cluster_id"`
	NodeID    string `json:"node_id,omitempty"`
}

// Network is a vxnet as a provider sees it.
type Network struct {
	ClusterID string `json:"cluster_id"`
	VxNet     string `json:"vxnet"` // "" is the provider's default network
}

// VolumeSpec asks for a volume.
type VolumeSpec struct {
	ID         string `json:"id"` // vol-xxxxxxxx, chosen by the caller
	Tags       Tags   `json:"tags"`
	SizeGiB    int    `json:"size_gib"`
	Class      string `json:"class,omitempty"`
	Filesystem string `json:"filesystem,omitempty"`
}

// Volume is a volume that exists.
type Volume struct {
	ID      string `json:"id"`
	Tags    Tags   `json:"tags"`
	SizeGiB int    `json:"size_gib"`
	// InUseBy is the instance it is attached to; empty when none.
	InUseBy string `json:"in_use_by,omitempty"`
}

// Size is cpu cores, memory in MiB, gpu count.
type Size struct {
	CPU    int `json:"cpu"`
	Memory int `json:"memory"`
	GPU    int `json:"gpu,omitempty"`
}

// Mount attaches a volume at a path.
type Mount struct {
	VolumeID string `json:"volume_id"`
	Path     string `json:"path"`
	Options  string `json:"options,omitempty"`
}

// InstanceSpec asks for an instance.
type InstanceSpec struct {
	ID            string `json:"id"` // i-xxxxxxxx, chosen by the caller; also the hostname
	Tags          Tags   `json:"tags"`
	VxNet         string `json:"vxnet,omitempty"`
	Image         string `json:"image"`
	ContainerType string `json:"container_type,omitempty"`
	// Role is the role of the node in its cluster; providers of given machines choose by it.
	Role          string  `json:"role,omitempty"`
	Size          Size    `json:"size"`
	InstanceClass string  `json:"instance_class,omitempty"`
	Zone          string  `json:"zone,omitempty"`
	Mounts        []Mount `json:"mounts,omitempty"`
	// AuthorizedKey is the public key (authorized_keys line) that may log in as root.
	AuthorizedKey string `json:"authorized_key"`
}

// InstanceState is the power state of an instance.
type InstanceState string

const (
	Running InstanceState = "running"
	Off     InstanceState = "off"
)

// Instance is an instance that exists.
type Instance struct {
	ID    string        `json:"id"`
	Tags  Tags          `json:"tags"`
	State InstanceState `json:"state"`
	Size  Size          `json:"size"`
	Image string        `json:"image"`
	IP    string        `json:"ip"`
	MAC   string        `json:"mac,omitempty"`
	// SSH is how the instance is reached; its host key is stable for the instance's life.
	SSH             target.Target `json:"ssh"`
	Zone            string        `json:"zone,omitempty"`
	Hypervisor      string        `json:"hypervisor,omitempty"`
	PhysicalMachine string        `json:"physical_machine,omitempty"`
}

// Resources is everything of one cluster, or of all.
type Resources struct {
	Networks  []Network  `json:"networks,omitempty"`
	Volumes   []Volume   `json:"volumes,omitempty"`
	Snapshots []Snapshot `json:"snapshots,omitempty"`
	Instances []Instance `json:"instances,omitempty"`
	// Unreadable are resources of unknown clusters, in words: which one, where, and why it cannot be read.
	Unreadable []string `json:"unreadable,omitempty"`
}

// Clusters are the ids of all clusters that own something, sorted.
func (r Resources) Clusters() []string {
	var ids []string
	for _, n := range r.Networks {
		ids = append(ids, n.ClusterID)
	}
	for _, v := range r.Volumes {
		ids = append(ids, v.Tags.ClusterID)
	}
	for _, s := range r.Snapshots {
		ids = append(ids, s.Tags.ClusterID)
	}
	for _, i := range r.Instances {
		ids = append(ids, i.Tags.ClusterID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Of says whether a resource with these tags belongs into the answer of List.
func (t Tags) Of(clusterID string) bool { return clusterID == "" || t.ClusterID == clusterID }
