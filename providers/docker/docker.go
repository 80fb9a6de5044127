package docker

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/moby/moby/client"

	"drover/fault"
	"drover/providers"
)

// askTime is how long the engine may take to answer the first request.
const askTime = 20 * time.Second

// Provider creates nodes on one engine. The engine has all of its state.
type Provider struct {
	options   Options
	engine    *client.Client
	addresses netip.Prefix
	machine   string // the engine's
	memory    int64  // of that machine, in bytes; 0: unknown
	able      providers.Capabilities
	log       *slog.Logger

	// step is called between any two effects of a call; an error from it ends the call there, like a kill. Tests only.
	step func(name string) error
}

var (
	_ providers.Provider = (*Provider)(nil)
	_ providers.Capacity = (*Provider)(nil)
)

// New checks the options and asks the engine for its capabilities.
func New(ctx context.Context, o Options) (*Provider, error) {
	addresses, err := o.check()
	if err != nil {
		return nil, err
	}
	host := client.FromEnv
	if o.Host != "" {
		host = client.WithHost(o.Host)
	}
	engine, err := client.New(host)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "provider docker: address of the engine")
	}
	p := &Provider{options: o, engine: engine, addresses: addresses, log: o.Logger, step: func(string) error { return nil }}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	answer, err := engine.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, engineFault(err, "ask the engine at %s for its capabilities", engine.DaemonHost())
	}
	info := answer.Info
	p.machine, p.memory = info.Name, info.MemTotal
	p.able = providers.Capabilities{
		ResizeRunning: true, GrowMountedVolume: true,
		EnforcesCPU: info.CPUCfsQuota, EnforcesMemory: info.MemoryLimit,
		NoSnapshots:       "Docker volumes cannot be copied by it yet; packages with backup_policy custom are backed up",
		AgentPreinstalled: o.AgentBinary != "",
		Notes:             []string{"volume sizes are recorded, not enforced: volumes are the engine's named volumes"},
	}
	if !info.CPUCfsQuota {
		p.able.Notes = append(p.able.Notes, "cpu limits are recorded, not enforced: the engine's machine has no cpu quotas")
	}
	if !info.MemoryLimit {
		p.able.Notes = append(p.able.Notes, "memory limits are recorded, not enforced: the engine's machine has no memory limits")
	} else if !info.SwapLimit {
		p.able.Notes = append(p.able.Notes, "swap is not limited: the engine's machine does not account it")
	}
	if err := p.attachAll(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Name implements providers.Provider.
func (p *Provider) Name() string { return "docker" }

// Capabilities implements providers.Provider.
func (p *Provider) Capabilities() providers.Capabilities { return p.able }
