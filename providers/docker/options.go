package docker

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"

	"drover/fault"
)

const (
	// DefaultInstallation is the prefix of the names of everything that the provider creates.
	DefaultInstallation = "drover"
	// DefaultRange is the range of addresses of networks.
	DefaultRange = "10.212.0.0/14"
)

// Options of the provider. NodeBinary is required.
type Options struct {
	// Host is the engine, as in DOCKER_HOST; empty: the one of the DOCKER_* variables, else the default socket.
	Host string
	// Installation is the prefix of all names and a label of everything; installations on one engine do not see each other.
	Installation string
	// NodeBinary is drover-node, AgentBinary is drover-agent, both static programs for the engine's machine. Without
	// AgentBinary nodes have no agent.
	NodeBinary, AgentBinary string
	// Range is divided into networks of 1000 nodes.
	Range string
	// Attach are containers to connect to every network of this provider, with their names as aliases: the one of the worker,
	// when it runs in a container, and those that nodes connect to, such as Consul's.
	Attach []string
	// NeverPull disables pulling images that are missing on the engine's machine.
	NeverPull bool
	Logger    *slog.Logger
}

// check sets defaults and reports all problems at once.
func (o *Options) check() (netip.Prefix, error) {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Installation == "" {
		o.Installation = DefaultInstallation
	}
	if err := validID("an installation", o.Installation); err != nil || len(o.Installation) > 30 {
		problem("Installation %q: at most 30 lower-case letters, digits and dashes", o.Installation)
	}
	checkProgram("NodeBinary", o.NodeBinary, problem)
	if o.AgentBinary != "" {
		checkProgram("AgentBinary", o.AgentBinary, problem)
	}
	if o.Range == "" {
		o.Range = DefaultRange
	}
	addresses, err := netip.ParsePrefix(o.Range)
	switch {
	case err != nil:
		problem("Range: %v", err)
	case !addresses.Addr().Is4() || addresses.Bits() > networkBits:
		problem("Range %s: must be an IPv4 range with space for a network of /%d", o.Range, networkBits)
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "provider docker: the options are invalid: %s", strings.Join(problems, "; "))
		f.Problems = problems
		return addresses, f
	}
	return addresses.Masked(), nil
}

func checkProgram(name, file string, problem func(string, ...any)) {
	if file == "" {
		problem("%s is not set", name)
	} else if info, err := os.Stat(file); err != nil {
		problem("%s: %v", name, err)
	} else if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		problem("%s %s is not an executable file", name, file)
	}
}
