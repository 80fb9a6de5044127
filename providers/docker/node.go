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
	// cpuPeriod is the scheduler's; a cpu is a quota of that much. (The engine's own unit of cpus refuses more of them than
	// the machine has.)
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
	// begun is false until the container was started for the first time. off is what is wanted of it: one that is neither
	// off nor running crashed, or the engine has not brought it up again.
	begun, running, off bool
}

// find looks for an instance; nil when there is none.
func (p *Provider) find(ctx context.Context, id string) (*node, error) {
	answer, err := p.engine.ContainerInspect(ctx, p.name(id), client.ContainerInspectOptions{})
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, engineFault(err, "look at instance %s", id)
	}
	if answer.Container.Config.Labels[labelKind] != kindInstance || answer.Container.Config.Labels[labelInstallation] != p.options.Installation {
		return nil, fault.New(fault.Conflict, "provider docker: there is a container %s, and it is not Drover's", p.name(id)).
			WithHint("remove or rename it, or give this installation another name")
	}
	return readNode(answer.Container)
}

// existing is find for calls that need the instance.
func (p *Provider) existing(ctx context.Context, id string) (*node, error) {
	n, err := p.find(ctx, id)
	if err == nil && n == nil {
		err = fault.New(fault.NotFound, "provider docker: there is no instance %s", id)
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

// instance is the node as callers see it.
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

// nodes inspects the instances that the filter lets through, and names those whose labels cannot be read.
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
			return nil, nil, engineFault(err, "look at container %s", c.ID)
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

// users says which instance each volume is attached to. While an image is replaced there are two, and the newer counts.
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

// userOf is the instance a volume is attached to, "" for none.
func (p *Provider) userOf(ctx context.Context, volume string) (string, error) {
	list, err := p.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("volume", p.name(volume))})
	if err != nil {
		return "", engineFault(err, "look for the user of volume %s", volume)
	}
	return users(list.Items)[p.name(volume)], nil
}
