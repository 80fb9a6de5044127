package local

import (
	"fmt"
	"net"
	"os"
	"strings"

	"drover/fault"
	"drover/providers"
	"drover/remote/target"
)

// Phases of a node's record. A creating one belongs to a call that runs or died; the next call with its id finishes it.
const (
	phaseCreating = "creating"
	phaseReady    = "ready"
)

// node is the record of an instance: node.json.
type node struct {
	Spec  providers.InstanceSpec `json:"spec"`
	Phase string                 `json:"phase"`
	// Off is true when a user powered it off; a node that is neither off nor alive crashed.
	Off     bool   `json:"off,omitempty"`
	IP      string `json:"ip,omitempty"`
	HostKey string `json:"host_key,omitempty"`
	// Layered: the image lies below the root; otherwise the root holds a copy.
	Layered bool `json:"layered"`
	// Replaces is the instance whose address and volumes this one takes over.
	Replaces string `json:"replaces,omitempty"`
}

func (p *Provider) nodeDir(id string, parts ...string) string {
	return p.path(append([]string{"nodes", id}, parts...)...)
}

func (p *Provider) readNode(id string) (*node, error) {
	var n node
	ok, err := readJSON(p.nodeDir(id, "node.json"), &n)
	if err != nil || !ok {
		return nil, err
	}
	return &n, nil
}

// existing is readNode for calls that need the instance.
func (p *Provider) existing(id string) (*node, error) {
	n, err := p.readNode(id)
	if err == nil && n == nil {
		err = fault.New(fault.NotFound, "provider local: there is no instance %s", id)
	}
	return n, err
}

func (p *Provider) writeNode(n *node) error {
	return writeJSON(p.nodeDir(n.Spec.ID, "node.json"), n)
}

// nodes reads every record, and names those that cannot be read. Folders without one are a creation's or a deletion's first
// or last moment.
func (p *Provider) nodes() (all []*node, unreadable []string, _ error) {
	entries, err := os.ReadDir(p.path("nodes"))
	if err != nil {
		return nil, nil, ioFault(err, "list nodes")
	}
	for _, e := range entries {
		n, err := p.readNode(e.Name())
		if err != nil {
			unreadable = append(unreadable, fmt.Sprintf("instance %s: %v", e.Name(), err))
		}
		if n != nil {
			all = append(all, n)
		}
	}
	return all, unreadable, nil
}

// instance is the record as callers see it.
func (p *Provider) instance(n *node) providers.Instance {
	i := providers.Instance{
		ID: n.Spec.ID, Tags: n.Spec.Tags, State: providers.Off, Size: n.Spec.Size, Image: n.Spec.Image,
		IP: n.IP, MAC: mac(n.IP), SSH: target.Target{User: "root", HostKey: n.HostKey},
		Zone: n.Spec.Zone, Hypervisor: "local", PhysicalMachine: p.host,
	}
	if n.IP != "" {
		i.SSH.Addr = net.JoinHostPort(n.IP, p.sshPort)
	}
	if process, _ := p.alive(n.Spec.ID); process != nil {
		i.State = providers.Running
	}
	return i
}

// sameCluster refuses to hand out what belongs to another cluster under the same id.
func sameCluster(kind, id string, have, want providers.Tags) error {
	if have.ClusterID == want.ClusterID {
		return nil
	}
	return fault.New(fault.Conflict, "provider local: %s %s exists and belongs to cluster %s", kind, id, have.ClusterID)
}

// validID keeps ids from being paths.
func validID(kind, id string) error {
	if id == "" || len(id) > 60 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || id[0] == '-' {
		return fault.New(fault.Invalid, "provider local: %q cannot be the id of %s: lower-case letters, digits and dashes only", id, kind)
	}
	return nil
}
