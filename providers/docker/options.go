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
	// DefaultInstallation begins the names of everything the provider makes.
	DefaultInstallation = "drover"
	// DefaultRange is where networks get their addresses.
	DefaultRange = "10.212.0.0/14"
)

// Options of the provider. NodeBinary is required.
type Options struct {
	// Host is the engine, as in DOCKER_HOST; empty: what the DOCKER_* variables say, else the default socket.
	Host string
	// Installation begins all names and is a label of everything; installations on one engine do not see each other.
	Installation string
	// NodeBinary is drover-node, AgentBinary is drover-agent, both static programs for the engine's machine. Without the
	// latter nodes are bare.
	NodeBinary, AgentBinary string
	// Range is divided into networks of 1000 nodes.
	Range string
	// Attach are containers to connect to every network of this provider, under their own names as aliases: the worker's,
	// when it runs in one, and those that nodes must reach, as Consul's.
	Attach []string
	// NeverPull leaves images that are not on the engine's machine where they are.
	NeverPull bool
	Logger    *slog.Logger
}

// check fills defaults and finds every problem at once.
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
		problem("Range %s: must be of IPv4 and have room for a network of /%d", o.Range, networkBits)
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "provider docker cannot work with its options: %s", strings.Join(problems, "; "))
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
