package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func configure(args []string, environment map[string]string) (config, error) {
	var c config
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	c.flags(f)
	if err := f.Parse(args); err != nil {
		return c, err
	}
	return c, c.fromEnvironment(f, func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
}

func TestConfigDefaultsFollowFromEachOther(t *testing.T) {
	t.Parallel()
	c, err := configure([]string{"--state-dir", "/srv/drover"}, nil)
	require.NoError(t, err)
	exe, err := os.Executable()
	require.NoError(t, err)
	require.Equal(t, config{
		stateDir: "/srv/drover", imagesDir: "/srv/drover/images", identity: "/srv/drover/id_ed25519", binaries: filepath.Dir(exe),
		kvPrefix: "drover", localRange: "127.77.0.0/16", providers: servedBy(t, "local"),
		names: []string{"local"}, dockerInstallation: "drover", dockerRange: "10.212.0.0/14",
		metrics: "127.0.0.1:9464", metricsElsewhere: true, nodeMetrics: 9465, logFormat: "text",
	}, c)
}

// servedBy is the configuration of providers without a file.
func servedBy(t *testing.T, names ...string) providerFile {
	t.Helper()
	var c config
	require.NoError(t, c.servedBy(names))
	return c.providers
}

func TestConfigServesNamedProvidersWithoutAFile(t *testing.T) {
	t.Parallel()
	served := servedBy(t, "docker", "local")
	require.Equal(t, "docker", served.Default)
	require.NotNil(t, served.Providers.Docker)
	require.NotNil(t, served.Providers.Local)
	require.Nil(t, served.Providers.Static)
	var c config
	require.ErrorContains(t, c.servedBy(nil), "no provider is named")
	require.ErrorContains(t, c.servedBy([]string{"local", "cloud"}), `provider "cloud" does not exist`)
	require.ErrorContains(t, c.servedBy([]string{"static"}), "configuration file")
}

func TestConfigEveryFlagHasAVariable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "drover.yaml")
	require.NoError(t, os.WriteFile(file, []byte("providers: {local: {}}"), 0o600))
	values := map[string]string{
		"CONFIG":    file,
		"STATE_DIR": "/s", "IMAGES": "/i", "IDENTITY": "/k", "BINARIES": "/b", "NODE_CONSUL": "http://10.0.0.1:8500",
		"KV_PREFIX": "mine", "LOCAL_RANGE": "127.1.0.0/16", "LOCAL_SSHD": "/usr/sbin/sshd", "METRICS": "127.0.0.1:0", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "NODE_METRICS_PORT": "9",
		"DOCKER_HOST": "unix:///d", "DOCKER_INSTALLATION": "two", "DOCKER_RANGE": "10.1.0.0/16", "DOCKER_ATTACH": "w,c",
		"PAYLOAD_KEY": "/p", "CONSUL_TOKEN_FILE": "/t", "KEEP": "2h",
	}
	environment := map[string]string{}
	for name, value := range values {
		environment["DROVER_"+name] = value
	}
	c, err := configure(nil, environment)
	require.NoError(t, err)
	require.Equal(t, config{
		stateDir: "/s", imagesDir: "/i", identity: "/k", binaries: "/b", nodeConsul: "http://10.0.0.1:8500", kvPrefix: "mine",
		localRange: "127.1.0.0/16", localSSHD: "/usr/sbin/sshd", metrics: "127.0.0.1:0", logLevel: slog.LevelDebug, logFormat: "json", nodeMetrics: 9, keep: 2 * time.Hour, payloadKey: "/p", consulToken: "/t",
		file: file, names: []string{"local"}, providers: servedBy(t, "local"),
		dockerHost: "unix:///d", dockerInstallation: "two", dockerRange: "10.1.0.0/16", dockerAttach: []string{"w", "c"},
	}, c)
	var all config
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	all.flags(f)
	count := 0
	f.VisitAll(func(*pflag.Flag) { count++ })
	require.Len(t, values, count-1, "a flag this test does not know; --providers and --config exclude each other")
	_, err = configure(nil, map[string]string{"DROVER_CONFIG": file, "DROVER_PROVIDERS": "local"})
	require.ErrorContains(t, err, "each names the providers to serve")
}

func TestConfigFlagsGoBeforeVariables(t *testing.T) {
	t.Parallel()
	c, err := configure([]string{"--kv-prefix=flag", "--local-sshd="},
		map[string]string{"DROVER_KV_PREFIX": "variable", "DROVER_LOCAL_SSHD": "/usr/sbin/sshd", "DROVER_IDENTITY": "/k"})
	require.NoError(t, err)
	require.Equal(t, "flag", c.kvPrefix)
	require.Empty(t, c.localSSHD, "given as empty is given")
	require.Equal(t, "/k", c.identity)
}

func TestConfigRelativeStateFolderIsMadeAbsolute(t *testing.T) {
	t.Parallel()
	c, err := configure(nil, map[string]string{"DROVER_STATE_DIR": "here"})
	require.NoError(t, err)
	here, err := filepath.Abs("here")
	require.NoError(t, err)
	require.Equal(t, here, c.stateDir)
	require.Equal(t, filepath.Join(here, "images"), c.imagesDir)
}

func TestConfigBadVariableIsNamed(t *testing.T) {
	t.Parallel()
	_, err := configure(nil, map[string]string{"DROVER_LOG_LEVEL": "LOUD"})
	require.ErrorContains(t, err, "DROVER_LOG_LEVEL")
	require.ErrorContains(t, err, "LOUD")
}
