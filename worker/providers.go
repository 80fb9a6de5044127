package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"drover/providers"
	"drover/providers/docker"
	"drover/providers/local"
)

// providerNames are those this program knows.
var providerNames = []string{"local", "docker"}

// machines makes the configured providers; the first one is the default.
func machines(ctx context.Context, cfg config, logger *slog.Logger) (_ map[string]providers.Provider, first string, _ error) {
	all := map[string]providers.Provider{}
	for _, name := range cfg.providers {
		var p providers.Provider
		var err error
		switch name {
		case "local":
			p, err = local.New(local.Options{
				StateDir: cfg.stateDir, ImagesDir: cfg.imagesDir, NodeBinary: cfg.binary("drover-node"),
				AgentBinary: cfg.binary("drover-agent"), Range: cfg.localRange, SSHServer: cfg.localSSHD, Logger: logger,
			})
		case "docker":
			p, err = docker.New(ctx, docker.Options{
				Host: cfg.dockerHost, Installation: cfg.dockerInstallation, NodeBinary: cfg.binary("drover-node"),
				AgentBinary: cfg.binary("drover-agent"), Range: cfg.dockerRange, Attach: cfg.dockerAttach, Logger: logger,
			})
		default:
			err = fmt.Errorf("there is none of that name, only %s", strings.Join(providerNames, " and "))
		}
		if err != nil {
			return nil, "", fmt.Errorf("provider %s: %w", name, err)
		}
		for _, note := range p.Capabilities().Notes {
			logger.Info("provider "+name, "note", note)
		}
		all[name] = p
	}
	if len(all) == 0 {
		return nil, "", fmt.Errorf("no provider is configured: --providers wants some of %s", strings.Join(providerNames, ", "))
	}
	return all, cfg.providers[0], nil
}

// binary is one of the programs for nodes.
func (c *config) binary(name string) string { return filepath.Join(c.binaries, name) }
