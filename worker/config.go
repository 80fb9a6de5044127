package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"drover/metrics"
	"drover/providers/docker"
	"drover/worker/telemetry"
	"drover/workflows/api"
)

// config has all settings of the worker.
type config struct {
	stateDir           string
	imagesDir          string
	identity           string // SSH private key file
	binaries           string // folder with drover-agent and drover-node
	nodeConsul         string
	kvPrefix           string
	localRange         string
	localSSHD          string
	metrics            string
	metricsElsewhere   bool // on another port, if that of metrics is taken: it is the default
	nodeMetrics        int
	keep               time.Duration
	dockerHost         string
	dockerInstallation string
	dockerRange        string
	dockerAttach       []string

	file      string   // configuration of providers
	names     []string // providers to serve without a file
	providers providerFile

	payloadKey  string // file with the keys that encrypt payloads
	consulToken string // file with the worker's Consul token
	logLevel    slog.Level
	logFormat   string
}

func (c *config) flags(f *pflag.FlagSet) {
	f.StringVar(&c.stateDir, "state-dir", "/var/lib/drover", "folder for the SSH key of this installation and for local nodes and volumes")
	f.StringVar(&c.imagesDir, "images", "", "folder with the images of local nodes, one folder per image (default STATE-DIR/images)")
	f.StringVar(&c.identity, "identity", "", "SSH private key for logins to nodes, created when missing; all workers of an installation share it (default STATE-DIR/id_ed25519)")
	f.StringVar(&c.binaries, "binaries", "", "folder with drover-agent and drover-node (default: the folder of drover-worker)")
	f.StringVar(&c.nodeConsul, "node-consul", "", "HTTP address of Consul for nodes (default: the address of the worker)")
	f.StringVar(&c.kvPrefix, "kv-prefix", "drover", "prefix of Drover's keys in Consul")
	f.StringVar(&c.localRange, "local-range", "127.77.0.0/16", "range of loopback addresses for local nodes")
	f.StringVar(&c.localSSHD, "local-sshd", "", "path of OpenSSH's sshd to run in local nodes instead of the built-in SSH server")
	f.StringVar(&c.file, "config", "", "YAML file with the settings of providers (default: the providers of --providers without settings)")
	f.StringSliceVar(&c.names, "providers", []string{"local"}, "providers to serve without a configuration file: local, docker; the first one is the default of new clusters")
	f.StringVar(&c.dockerHost, "docker-host", "", "Docker engine for nodes, for example unix:///var/run/docker.sock (default: DOCKER_HOST)")
	f.StringVar(&c.dockerInstallation, "docker-installation", docker.DefaultInstallation, "prefix of the names of all containers, volumes and networks; installations on one engine do not see each other")
	f.StringVar(&c.dockerRange, "docker-range", docker.DefaultRange, "address range for the networks of docker nodes")
	f.StringSliceVar(&c.dockerAttach, "docker-attach", nil, "containers to connect to every network of docker nodes: the one of this worker, if it runs in a container, and of Consul")
	f.StringVar(&c.metrics, "metrics", metrics.WorkerAddress, "address for metrics, health and discovery of nodes over HTTP, without authentication; off: none. The default moves to a free port when another worker has its port")
	f.IntVar(&c.nodeMetrics, "node-metrics-port", metrics.AgentPort, "port at which each node serves its metrics, at its own address; 0: nodes serve none")
	f.DurationVar(&c.keep, "keep", 0, "how long a deleted cluster stays in the recycle bin, with its machines off and its data kept, if neither the request nor the cluster says; 0: it is released at once")
	f.StringVar(&c.payloadKey, "payload-key", "", "file with the key that encrypts the data stored by Temporal, created by drover keygen; the CLI needs the same file (default: no encryption)")
	f.StringVar(&c.consulToken, "consul-token-file", "", "file with the worker's Consul token, readable by its owner only; with permission to write ACLs, the nodes of each cluster get their own token (default: CONSUL_HTTP_TOKEN_FILE or CONSUL_HTTP_TOKEN)")
	f.TextVar(&c.logLevel, "log-level", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR")
	f.StringVar(&c.logFormat, "log-format", telemetry.Text, "format of the log: text or json")
}

// fromEnvironment sets flags that were not given from DROVER_* variables, and then the defaults that depend on others.
func (c *config) fromEnvironment(f *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var first error
	f.VisitAll(func(flag *pflag.Flag) {
		name := "DROVER_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if value, ok := lookup(name); ok && !flag.Changed && first == nil {
			if err := f.Set(flag.Name, value); err != nil {
				first = fmt.Errorf("%s: %w", name, err)
			}
		}
	})
	if first != nil {
		return first
	}
	if c.keep < 0 || c.keep > api.MaxKeep || c.keep != 0 && c.keep < time.Second {
		return fmt.Errorf("--keep %s is not 0 or a duration from 1s to %s", c.keep, api.MaxKeep)
	}
	c.metricsElsewhere = !f.Changed("metrics")
	if err := c.readProviders(f); err != nil {
		return err
	}
	abs, err := filepath.Abs(c.stateDir)
	if err != nil {
		return err
	}
	c.stateDir = abs
	if c.imagesDir == "" {
		c.imagesDir = filepath.Join(c.stateDir, "images")
	}
	if c.identity == "" {
		c.identity = filepath.Join(c.stateDir, "id_ed25519")
	}
	if c.binaries == "" {
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		c.binaries = filepath.Dir(exe)
	}
	return nil
}
