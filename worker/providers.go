package main

import (
	"context"
	"log/slog"
	"path/filepath"

	"drover/fault"
	"drover/metadata/store"
	"drover/providers"
	"drover/providers/docker"
	"drover/providers/local"
	"drover/providers/static"
	"drover/remote"
)

// providerSettings has a field for every kind of provider; nil: not served.
type providerSettings struct {
	Local  *localSettings  `yaml:"local"`
	Docker *dockerSettings `yaml:"docker"`
	Static *staticSettings `yaml:"static"`
}

// parts are the parts of the worker that providers use.
type parts struct {
	pool   *remote.Pool
	kv     *store.Store
	logger *slog.Logger
}

// kind is a kind of provider. A new one needs a field of providerSettings and an entry of kinds.
type kind struct {
	name string
	// named sets empty settings for a provider without settings in the file.
	named func(*providerSettings)
	// check returns the problems of the settings; may be nil.
	check func(providerSettings) []string
	open  func(context.Context, config, parts) (providers.Provider, error)
}

var kinds = []kind{
	{
		name:  "local",
		named: func(s *providerSettings) { s.Local = orEmpty(s.Local) },
		open: func(_ context.Context, c config, with parts) (providers.Provider, error) {
			return local.New(local.Options{
				StateDir: c.stateDir, ImagesDir: c.imagesDir, NodeBinary: c.binary("drover-node"),
				AgentBinary: c.binary("drover-agent"), Range: c.localRange, SSHServer: c.localSSHD, Logger: with.logger,
			})
		},
	},
	{
		name:  "docker",
		named: func(s *providerSettings) { s.Docker = orEmpty(s.Docker) },
		open: func(ctx context.Context, c config, with parts) (providers.Provider, error) {
			return docker.New(ctx, docker.Options{
				Host: c.dockerHost, Installation: c.dockerInstallation, NodeBinary: c.binary("drover-node"),
				AgentBinary: c.binary("drover-agent"), Range: c.dockerRange, Attach: c.dockerAttach, Logger: with.logger,
			})
		},
	},
	{
		name:  "static",
		named: func(s *providerSettings) { s.Static = orEmpty(s.Static) },
		check: func(s providerSettings) []string {
			if !filepath.IsAbs(s.Static.Inventory) {
				return []string{"inventory must be the absolute path of a file with hosts"}
			}
			return nil
		},
		open: func(_ context.Context, c config, with parts) (providers.Provider, error) {
			return static.New(static.Options{
				Inventory: c.providers.Providers.Static.Inventory, Book: with.kv.Document("hosts"), Shell: shell{with.pool}, Logger: with.logger,
			})
		},
	},
}

// staticSettings are the settings of the provider of existing machines.
type staticSettings struct {
	Inventory string `yaml:"inventory"` // file with the hosts
}

func orEmpty[T any](settings *T) *T {
	if settings == nil {
		settings = new(T)
	}
	return settings
}

// served reports whether the file names the kind.
func (k kind) served(file providerFile) bool {
	with := file.Providers
	k.named(&with)
	return with == file.Providers
}

// openProviders opens every provider of the configuration.
func openProviders(ctx context.Context, cfg config, with parts) (map[string]providers.Provider, error) {
	all := map[string]providers.Provider{}
	for _, k := range kinds {
		if !k.served(cfg.providers) {
			continue
		}
		p, err := k.open(ctx, cfg, with)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "provider %s", k.name)
		}
		for _, note := range p.Capabilities().Notes {
			with.logger.Info("provider", "name", k.name, "note", note)
		}
		all[k.name] = p
	}
	return all, nil
}

// binary is the path of a program for nodes.
func (c *config) binary(name string) string { return filepath.Join(c.binaries, name) }
