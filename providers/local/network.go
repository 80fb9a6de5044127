package local

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"drover/durable"
	"drover/fault"
	"drover/providers"
)

// networkFile is the record of a vxnet; the default one is "default". All share the host's network: a vxnet here only
// says who asked for it.
func (p *Provider) networkFile(clusterID, vxnet string) string {
	name := "default"
	if vxnet != "" {
		name = "vxnet." + url.QueryEscape(vxnet)
	}
	return p.path("networks", clusterID+"."+name+".json")
}

// EnsureNetwork implements providers.Provider.
func (p *Provider) EnsureNetwork(_ context.Context, n providers.Network) error {
	if err := validID("a cluster", n.ClusterID); err != nil {
		return err
	}
	if len(n.VxNet) > 60 {
		return fault.New(fault.Invalid, "provider local: the name of vxnet %q is longer than 60 bytes", n.VxNet)
	}
	return writeJSON(p.networkFile(n.ClusterID, n.VxNet), n)
}

// DeleteNetwork implements providers.Provider.
func (p *Provider) DeleteNetwork(_ context.Context, clusterID, vxnet string) error {
	if err := validID("a cluster", clusterID); err != nil {
		return err
	}
	file := p.networkFile(clusterID, vxnet)
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		return ioFault(err, "remove network")
	}
	return p.each("networks", func(name string) error {
		if !strings.HasPrefix(name, durable.Draft(file)) {
			return nil
		}
		return removeTree(p.path("networks", name))
	})
}

// networks reads every record, and names those that cannot be read. A file that begins with a dot is one that is being written, or that its writer left.
func (p *Provider) networks() (all []providers.Network, unreadable []string, _ error) {
	err := p.each("networks", func(name string) error {
		if strings.HasPrefix(name, ".") {
			return nil
		}
		var n providers.Network
		ok, err := readJSON(p.path("networks", name), &n)
		if ok {
			all = append(all, n)
		}
		if err != nil {
			unreadable = append(unreadable, fmt.Sprintf("network %s: %v", name, err))
		}
		return nil
	})
	return all, unreadable, err
}
