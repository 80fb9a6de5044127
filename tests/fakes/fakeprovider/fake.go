package fakeprovider

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"drover/providers"
	"drover/remote/target"
)

// Provider is scripted with On and read with Calls. All methods are safe for concurrent use.
type Provider struct {
	*state
}

// Options of a fake. The zero value can do everything a provider can and knows every image but those whose name begins
// with "no-such".
type Options struct {
	Name string // default "fake"
	// Capabilities; nil: everything is enforced, volumes grow while mounted, running instances can be resized.
	Capabilities *providers.Capabilities
	// Images that exist; nil: see above.
	Images []string
	// Addresses, Memory (MiB of the machine) and Disk (GiB for volumes) are limits; 0: none.
	Addresses, Memory, Disk int
}

// state is shared by all providers opened on it.
type state struct {
	options Options

	mu        sync.Mutex
	networks  map[string]providers.Network
	volumes   map[string]*volume
	instances map[string]*instance
	snapshots map[string]providers.Snapshot
	contents  map[string][]byte // tar streams, of volumes and snapshots
	// order of creation, for stable lists
	order     []string
	addresses map[string]string // ip -> instance
	next      int
	rules     []*rule
	calls     []Call
	busy      map[string]chan struct{} // ids with a call in progress
}

type volume struct {
	spec    providers.VolumeSpec
	inUseBy string
}

type instance struct {
	spec     providers.InstanceSpec
	ready    bool
	off      bool
	ip       string
	replaces string
}

var (
	_ providers.Provider  = (*Provider)(nil)
	_ providers.Snapshots = (*Provider)(nil)
	_ providers.Capacity  = (*Provider)(nil)
)

// New makes an empty world.
func New(o Options) *Provider {
	if o.Name == "" {
		o.Name = "fake"
	}
	return &Provider{state: &state{
		options: o, networks: map[string]providers.Network{}, volumes: map[string]*volume{},
		instances: map[string]*instance{}, snapshots: map[string]providers.Snapshot{}, contents: map[string][]byte{}, addresses: map[string]string{}, busy: map[string]chan struct{}{},
	}}
}

// Name implements providers.Provider.
func (p *Provider) Name() string { return p.options.Name }

// Capabilities implements providers.Provider.
func (p *Provider) Capabilities() providers.Capabilities {
	if p.options.Capabilities != nil {
		return *p.options.Capabilities
	}
	return providers.Capabilities{
		ResizeRunning: true, GrowMountedVolume: true, EnforcesCPU: true, EnforcesMemory: true, EnforcesVolume: true, AgentPreinstalled: true,
	}
}

// List implements providers.Provider.
func (p *Provider) List(ctx context.Context, clusterID string) (providers.Resources, error) {
	var r providers.Resources
	err := p.call(ctx, "List", clusterID, clusterID, func(func() error) error {
		r = p.resources(clusterID)
		return nil
	})
	return r, err
}

// Everything is all there is, whatever cluster it is of: what a test looks at in the end. It is not a call.
func (p *Provider) Everything() providers.Resources {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resources("")
}

// resources of a cluster, or of all. The caller holds the mutex.
func (s *state) resources(clusterID string) providers.Resources {
	var r providers.Resources
	for _, key := range s.order {
		if n, ok := s.networks[key]; ok && (clusterID == "" || n.ClusterID == clusterID) {
			r.Networks = append(r.Networks, n)
		}
		if v, ok := s.volumes[key]; ok && (clusterID == "" || v.spec.Tags.ClusterID == clusterID) {
			r.Volumes = append(r.Volumes, v.view())
		}
		if snapshot, ok := s.snapshots[key]; ok && snapshot.Tags.Of(clusterID) {
			r.Snapshots = append(r.Snapshots, snapshot)
		}
		if i, ok := s.instances[key]; ok && (clusterID == "" || i.spec.Tags.ClusterID == clusterID) {
			r.Instances = append(r.Instances, i.view())
		}
	}
	return r
}

func (v *volume) view() providers.Volume {
	return providers.Volume{ID: v.spec.ID, Tags: v.spec.Tags, SizeGiB: v.spec.SizeGiB, InUseBy: v.inUseBy}
}

func (i *instance) view() providers.Instance {
	out := providers.Instance{
		ID: i.spec.ID, Tags: i.spec.Tags, State: providers.Running, Size: i.spec.Size, Image: i.spec.Image, IP: i.ip,
		SSH: target.Target{User: "root", HostKey: hostKey(i.spec.ID)}, Zone: i.spec.Zone, Hypervisor: "fake", PhysicalMachine: "memory",
	}
	if i.off || !i.ready {
		out.State = providers.Off
	}
	if i.ip != "" {
		out.SSH.Addr = i.ip + ":22"
		var a, b, c, d int
		_, _ = fmt.Sscanf(i.ip, "%d.%d.%d.%d", &a, &b, &c, &d)
		out.MAC = fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", a, b, c, d)
	}
	return out
}

// hostKey is a well-formed public key that follows from the id.
func hostKey(id string) string {
	seed := sha256.Sum256([]byte(id))
	key, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(seed[:]).Public())
	if err != nil {
		panic(err) // an ed25519 key always has a form
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// remember puts a key into the order of creation, forget takes it out.
func (s *state) remember(key string) { s.order = append(s.order, key) }

func (s *state) forget(key string) {
	for i, k := range s.order {
		if k == key {
			s.order = append(s.order[:i:i], s.order[i+1:]...)
			return
		}
	}
}
