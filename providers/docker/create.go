package docker

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"drover/fault"
	"drover/providers"
)

// CreateInstance implements providers.Provider. All checks run before anything is created.
func (p *Provider) CreateInstance(ctx context.Context, s providers.InstanceSpec) (providers.Instance, error) {
	var none providers.Instance
	release, err := p.lockInstance(ctx, s, s.ID)
	if err != nil {
		return none, err
	}
	defer release()
	n, err := p.find(ctx, s.ID)
	if err != nil {
		return none, err
	}
	if n != nil {
		if err := sameCluster("instance", s.ID, n.spec.Tags.ClusterID, s.Tags.ClusterID); err != nil {
			return none, err
		}
		if n.off {
			return p.instance(n), nil // completed earlier, and stopped since
		}
	} else {
		if err := p.checkSpec(ctx, s, ""); err != nil {
			return none, err
		}
		if n, err = p.begin(ctx, s, "", netip.Addr{}); err != nil {
			return none, err
		}
	}
	return p.finish(ctx, n)
}

// lockInstance locks instances and the volumes of s.
func (p *Provider) lockInstance(ctx context.Context, s providers.InstanceSpec, ids ...string) (func(), error) {
	for _, id := range ids {
		if err := validID("an instance", id); err != nil {
			return nil, err
		}
	}
	for _, m := range s.Mounts {
		if err := validID("a volume", m.VolumeID); err != nil {
			return nil, err
		}
		ids = append(ids, m.VolumeID)
	}
	return p.lock(ctx, ids...)
}

// begin creates the container of a checked specification: from here on the instance exists. Without an address it gets a
// free one.
func (p *Provider) begin(ctx context.Context, s providers.InstanceSpec, replaces string, address netip.Addr) (*node, error) {
	private, public, err := hostKey()
	if err != nil {
		return nil, err
	}
	n, err := p.place(ctx, s, replaces, address, public)
	if err != nil {
		return nil, err
	}
	if err := p.step("created"); err != nil {
		return nil, err
	}
	if err := p.furnish(ctx, n.container, s, private); err != nil {
		return nil, err
	}
	return n, p.step("furnished")
}

// place creates the container with its own address. Addresses are assigned under the network's lock; between workers a
// contest decides.
func (p *Provider) place(ctx context.Context, s providers.InstanceSpec, replaces string, address netip.Addr, hostKey string) (*node, error) {
	release, err := p.lock(ctx, p.networkName(s.VxNet))
	if err != nil {
		return nil, err
	}
	defer release()
	bridge, err := p.ensureBridge(ctx, s.VxNet)
	if err != nil {
		return nil, err
	}
	for {
		at := address
		if !at.IsValid() {
			if at, err = p.freeAddress(ctx, bridge, s.VxNet); err != nil {
				return nil, err
			}
		}
		if err := p.create(ctx, s, replaces, at, hostKey, bridge.Name); err != nil {
			return nil, err
		}
		n, err := p.existing(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		if n.hostKey != hostKey {
			return n, nil // another worker created it concurrently; furnishing it again would break it
		}
		lost, err := p.contest(ctx, n)
		if err != nil || lost == "" {
			return n, err
		}
		if err := p.removeContainer(ctx, n); err != nil {
			return nil, err
		}
		if lost != lostAddress {
			return nil, volumeInUse(lost, "that was created concurrently")
		}
	}
}

func (p *Provider) create(ctx context.Context, s providers.InstanceSpec, replaces string, at netip.Addr, hostKey, bridge string) error {
	spec, err := json.Marshal(s)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "provider docker: instance %s", s.ID)
	}
	own := false
	host := &container.HostConfig{
		NetworkMode: container.NetworkMode(bridge),
		// Like a machine: running again after a crash or a restart of the engine, unless it was powered off. The policy also
		// records the wanted power state.
		RestartPolicy: powered(true),
		Resources:     resources(s.Size),
		ExtraHosts:    []string{"metadata:" + at.String()},
		Init:          &own,
	}
	for _, m := range s.Mounts {
		host.Mounts = append(host.Mounts, p.mount(m, s))
	}
	_, err = p.engine.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: p.name(s.ID),
		Config: &container.Config{
			Hostname: s.ID, Image: s.Image, User: "0:0", WorkingDir: "/",
			Entrypoint: []string{nodeProgram}, Cmd: []string{"init", "--ssh", "0.0.0.0:" + sshPort},
			Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
			StopSignal:  "SIGKILL",
			Labels: p.labels(kindInstance, labelID, s.ID, labelCluster, s.Tags.ClusterID, labelNode, s.Tags.NodeID, labelVxNet, s.VxNet,
				labelAddress, at.String(), labelHostKey, hostKey, labelReplaces, replaces, labelSpec, string(spec)),
		},
		HostConfig: host,
		NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			bridge: {
				IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: at},
				MacAddress: network.HardwareAddr(mac(at)), Aliases: []string{s.ID},
			},
		}},
	})
	if errdefs.IsConflict(err) {
		return nil // the name is taken: the caller finds its container by the name
	}
	return engineFault(err, "create instance %s", s.ID)
}

// mount attaches a volume like an empty disk: no file of the image is copied into it.
func (p *Provider) mount(m providers.Mount, s providers.InstanceSpec) mount.Mount {
	return mount.Mount{
		Type: mount.TypeVolume, Source: p.name(m.VolumeID), Target: m.Path, ReadOnly: readOnly(m.Options),
		VolumeOptions: &mount.VolumeOptions{NoCopy: true, Labels: p.labels(kindVolume, labelID, m.VolumeID,
			labelCluster, s.Tags.ClusterID, labelNode, s.Tags.NodeID, labelSize, "0")},
	}
}

// finish completes the creation of a node from any intermediate state.
func (p *Provider) finish(ctx context.Context, n *node) (providers.Instance, error) {
	var none providers.Instance
	if !n.begun {
		whole, err := p.isFurnished(ctx, n)
		if err != nil {
			return none, err
		}
		if !whole {
			// A call died between the two steps; its private host key is lost.
			if err := p.removeContainer(ctx, n); err != nil {
				return none, err
			}
			if n, err = p.begin(ctx, n.spec, n.replaces, n.address); err != nil {
				return none, err
			}
		}
	}
	if n.replaces != "" {
		if err := p.retire(ctx, n.replaces); err != nil {
			return none, err
		}
	}
	return p.start(ctx, n)
}

// start starts the container unless it runs, and waits until its SSH server answers.
func (p *Provider) start(ctx context.Context, n *node) (providers.Instance, error) {
	var none providers.Instance
	if n.off {
		if err := p.want(ctx, n, true); err != nil {
			return none, err
		}
	}
	if !n.running {
		if _, err := p.engine.ContainerStart(ctx, n.container, client.ContainerStartOptions{}); err != nil {
			return none, engineFault(err, "start instance %s", n.spec.ID)
		}
		if err := p.step("started"); err != nil {
			return none, err
		}
	}
	begun := time.Now()
	if err := p.await(ctx, n); err != nil {
		return none, err
	}
	n, err := p.existing(ctx, n.spec.ID)
	if err != nil {
		return none, err
	}
	p.log.Debug("docker: instance runs", "instance", n.spec.ID, "address", n.address, "answered_in", time.Since(begun))
	return p.instance(n), nil
}
