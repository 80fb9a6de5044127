package static

import (
	"context"
	"log/slog"
	"os"

	"drover/fault"
	"drover/providers"
)

// Options of the provider; all are required but Logger.
type Options struct {
	// Inventory is the file with the hosts. It is read at every use: changing it needs no restart.
	Inventory string
	Book      Book
	Shell     Shell
	Logger    *slog.Logger
}

// Provider hands out the hosts of an inventory. All methods are safe for concurrent use.
type Provider struct{ Options }

var (
	_ providers.Provider = (*Provider)(nil)
	_ providers.Checker  = (*Provider)(nil)
	_ providers.Hosts    = (*Provider)(nil)
	_ providers.Capacity = (*Provider)(nil)
)

// New makes the provider. The inventory must be readable and without problems; no host is contacted.
func New(o Options) (*Provider, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Provider{o}
	_, err := p.inventory()
	return p, err
}

func (p *Provider) inventory() (*Inventory, error) {
	text, err := os.ReadFile(p.Inventory)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the inventory")
	}
	return ReadInventory(p.Inventory, text)
}

// Name implements providers.Provider.
func (p *Provider) Name() string { return "static" }

// Capabilities implements providers.Provider.
func (p *Provider) Capabilities() providers.Capabilities {
	return providers.Capabilities{
		Fixed: true, GrowMountedVolume: true,
		NoSnapshots: "volumes are folders of hosts that Drover was given, and it knows of no volume manager below them; packages with backup_policy custom are backed up",
		Notes: []string{
			"cpu, memory and volume sizes are those of the hosts: what a package asks for is compared with the inventory and not enforced",
			"stopping a cluster ends its services and agents and leaves the hosts running",
			"images are not installed: a host must have the package's software and templates, and an upgrade keeps the host and what is on it",
		},
	}
}

// Check says whether the inventory can be read and the record of who has which host answers.
func (p *Provider) Check(ctx context.Context) error {
	if _, err := p.inventory(); err != nil {
		return err
	}
	_, _, err := p.read(ctx)
	return err
}

// EnsureNetwork implements providers.Provider: the hosts' network is what it is, the name is kept.
func (p *Provider) EnsureNetwork(ctx context.Context, n providers.Network) error {
	return p.update(ctx, func(b *pages) error {
		b.Networks = append(without(b.Networks, n), n)
		return nil
	})
}

// DeleteNetwork implements providers.Provider.
func (p *Provider) DeleteNetwork(ctx context.Context, clusterID, vxnet string) error {
	return p.update(ctx, func(b *pages) error {
		b.Networks = without(b.Networks, providers.Network{ClusterID: clusterID, VxNet: vxnet})
		return nil
	})
}

func without(all []providers.Network, n providers.Network) []providers.Network {
	var kept []providers.Network
	for _, have := range all {
		if have != n {
			kept = append(kept, have)
		}
	}
	return kept
}
