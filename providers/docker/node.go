package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"drover/fault"
	"drover/providers"
	"drover/remote/target"
)

const (
	sshPort = "22"
	mib     = 1 << 20
	// cpuPeriod is the period of the scheduler; one cpu is a quota of one period. (The engine's own unit of cpus refuses more
	// cpus than the machine has.)
	cpuPeriod = 100_000
)

// node is a container of this provider.
type node struct {
	spec      providers.InstanceSpec
	container string // the engine's id
	created   time.Time
	address   netip.Addr
	hostKey   string
	replaces  string
	size      providers.Size
	// begun is false until the first start of the container. off is the wanted state: a container that is neither off nor
	// running crashed, or the engine has not restarted it yet.
	begun, running, off bool
}

// find returns an instance; nil when it does not exist.
func (p *Provider) find(ctx context.Context, id string) (*node, error) {
	answer, err := p.engine.ContainerInspect(ctx, p.name(id), client.ContainerInspectOptions{})
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, engineFault(err, "inspect instance %s", id)
	}
	if answer.Container.Config.Labels[labelKind] != kindInstance || answer.Container.Config.Labels[labelInstallation] != p.options.Installation {
		return nil, fault.New(fault.Conflict, "provider docker: container %s exists and was not created by Drover", p.name(id)).
			WithHint("remove or rename it, or give this installation another name")
	}
	return readNode(answer.Container)
}

// existing returns an instance that must exist.
func (p *Provider) existing(ctx context.Context, id string) (*node, error) {
	n, err := p.find(ctx, id)
	if err == nil && n == nil {
		err = fault.New(fault.NotFound, "provider docker: instance %s does not exist", id)
	}
	return n, err
}

func readNode(c container.InspectResponse) (*node, error) {
	labels := c.Config.Labels
	n := &node{container: c.ID, hostKey: labels[labelHostKey], replaces: labels[labelReplaces]}
	if err := json.Unmarshal([]byte(labels[labelSpec]), &n.spec); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "provider docker: label %s of container %s", labelSpec, c.Name)
	}
	var err error
	if n.address, err = netip.ParseAddr(labels[labelAddress]); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "provider docker: label %s of container %s", labelAddress, c.Name)
	}
	if n.created, err = time.Parse(time.RFC3339Nano, c.Created); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "provider docker: age of container %s", c.Name)
	}
	n.begun = c.State.Status != container.StateCreated
	n.running = c.State.Running && !c.State.Restarting
	n.off = c.HostConfig.RestartPolicy.Name == container.RestartPolicyDisabled
	n.size = providers.Size{CPU: int(c.HostConfig.CPUQuota / cpuPeriod), Memory: int(c.HostConfig.Memory / mib)}
	return n, nil
}

// instance returns the node in the form of the provider contract.
func (p *Provider) instance(n *node) providers.Instance {
	i := providers.Instance{
		ID: n.spec.ID, Tags: n.spec.Tags, State: providers.Off, Size: n.size, Image: n.spec.Image,
		IP: n.address.String(), MAC: mac(n.address).String(),
		SSH: target.Target{Addr: net.JoinHostPort(n.address.String(), sshPort), User: "root", HostKey: n.hostKey}, Zone: n.spec.Zone, Hypervisor: "docker", PhysicalMachine: p.machine,
	}
	if n.running {
		i.State = providers.Running
	}
	return i
}

// nodes inspects the instances that match the filter, and names those with unreadable labels.
func (p *Provider) nodes(ctx context.Context, filter client.Filters) (all []*node, unreadable []string, _ error) {
	list, err := p.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return nil, nil, engineFault(err, "list instances")
	}
	for _, c := range list.Items {
		answer, err := p.engine.ContainerInspect(ctx, c.ID, client.ContainerInspectOptions{})
		if errdefs.IsNotFound(err) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, nil, engineFault(err, "inspect container %s", c.ID)
		}
		n, err := readNode(answer.Container)
		if err != nil {
			unreadable = append(unreadable, fmt.Sprintf("instance %s: %v", c.Labels[labelID], err))
			continue
		}
		all = append(all, n)
	}
	return all, unreadable, nil
}

// users returns the instance of each attached volume. While an image is replaced there are two, and the newer one counts.
func users(list []container.Summary) map[string]string {
	by, since := map[string]string{}, map[string]int64{}
	for _, c := range list {
		for _, m := range c.Mounts {
			if m.Type == mount.TypeVolume && (by[m.Name] == "" || c.Created > since[m.Name] || c.Labels[labelReplaces] == by[m.Name]) {
				by[m.Name], since[m.Name] = c.Labels[labelID], c.Created
			}
		}
	}
	return by
}

// userOf returns the instance of an attached volume, "" for none.
func (p *Provider) userOf(ctx context.Context, volume string) (string, error) {
	list, err := p.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("volume", p.name(volume))})
	if err != nil {
		return "", engineFault(err, "find the instance of volume %s", volume)
	}
	return users(list.Items)[p.name(volume)], nil
}
