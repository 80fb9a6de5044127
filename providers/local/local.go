package local

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"drover/fault"
	"drover/providers"
	"drover/providers/local/internal/sandbox"
)

// Provider makes nodes on this machine. It keeps nothing in memory that is not on disk too.
type Provider struct {
	options   Options
	addresses netip.Prefix
	rootless  bool
	able      sandbox.Abilities
	limits    limiter
	mark      string // names this state folder in mount tables and cgroups
	sshPort   string
	host      string
	log       *slog.Logger

	// step is called between any two effects of a call; an error from it ends the call there, as a kill would. Tests only.
	step func(name string) error
}

var (
	_ providers.Provider  = (*Provider)(nil)
	_ providers.Snapshots = (*Provider)(nil)
	_ providers.Capacity  = (*Provider)(nil)
)

// New checks the options and what this machine allows, and makes the state folder.
func New(o Options) (*Provider, error) {
	rootless := !mayMount()
	addresses, err := o.check(rootless)
	if err != nil {
		return nil, err
	}
	p := &Provider{options: o, addresses: addresses, rootless: rootless, log: o.Logger, step: func(string) error { return nil }}
	// Closed to others: nodes may leave set-uid programs below.
	for _, dir := range []string{"", "nodes", "volumes", "snapshots", "addresses", "networks", "locks", "bin"} {
		if err := os.MkdirAll(p.path(dir), 0o700); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "make state folder of provider local")
		}
	}
	if err := os.Chmod(o.StateDir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "close state folder of provider local to other users")
	}
	sum := sha256.Sum256([]byte(o.StateDir))
	p.mark = "drover-" + hex.EncodeToString(sum[:4])
	if p.able, err = p.probe(); err != nil {
		return nil, err
	}
	if err := p.provide(); err != nil {
		return nil, err
	}
	if o.copyImages {
		p.able = sandbox.Abilities{LayeredProblem: "it was not wanted"}
	}
	p.limits = findLimiter(p.mark)
	p.sshPort = sshPort(rootless)
	if p.host, err = os.Hostname(); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "name of this machine")
	}
	return p, nil
}

// Name implements providers.Provider.
func (p *Provider) Name() string { return "local" }

// Capabilities implements providers.Provider.
func (p *Provider) Capabilities() providers.Capabilities {
	c := providers.Capabilities{
		ResizeRunning:     true,
		GrowMountedVolume: true,
		EnforcesCPU:       p.limits.cpu(),
		EnforcesMemory:    p.limits.memory(),
		AgentPreinstalled: p.options.AgentBinary != "",
		Notes:             []string{"volume sizes are recorded, not enforced: volumes are folders of " + p.options.StateDir},
	}
	if why := p.limits.problem(); why != "" {
		c.Notes = append(c.Notes, why)
	}
	if p.rootless {
		c.Notes = append(c.Notes, "nodes have only the user root, because the worker is not root: commands that change to another user fail in them",
			"SSH of nodes is on port "+p.sshPort)
	}
	if !p.able.Layered {
		c.Notes = append(c.Notes, "images are copied for each node, because overlayfs cannot be used here: "+p.able.LayeredProblem)
	}
	return c
}

func (p *Provider) path(parts ...string) string {
	return filepath.Join(append([]string{p.options.StateDir}, parts...)...)
}

// sshPort is 22 where this process may listen on it.
func sshPort(rootless bool) string {
	const low, high = 22, 2222
	if !rootless {
		return strconv.Itoa(low)
	}
	raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil {
		return strconv.Itoa(high)
	}
	first, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || first > low {
		return strconv.Itoa(high)
	}
	return strconv.Itoa(low)
}

// ioFault is a failed access to the state folder.
func ioFault(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(err, fault.Internal, "provider local: %s", fmt.Sprintf(format, args...))
}
