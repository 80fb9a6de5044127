package local

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"drover/fault"
)

// DefaultRange is where nodes get their addresses.
const DefaultRange = "127.77.0.0/16"

// Options of the provider. StateDir and ImagesDir are required.
type Options struct {
	// StateDir holds nodes, volumes and their records. One worker pool per folder; several workers may share it.
	StateDir string
	// ImagesDir holds a folder per image.
	ImagesDir string
	// NodeBinary is drover-node; default: beside the running program, else in PATH.
	NodeBinary string
	// AgentBinary is drover-agent, shown to nodes at api.Binary, also to those that run already; empty makes bare nodes.
	AgentBinary string
	// Range of addresses, within 127.0.0.0/8. State folders in use at the same time need ranges of their own.
	Range string
	// SSHServer is an OpenSSH sshd under /usr to run in place of the built-in server. Root only.
	SSHServer string
	Logger    *slog.Logger

	// copyImages does without overlayfs. Tests only.
	copyImages bool
}

// check fills defaults and finds every problem at once.
func (o *Options) check(rootless bool) (netip.Prefix, error) {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		name string
		dir  *string
	}{{"StateDir", &o.StateDir}, {"ImagesDir", &o.ImagesDir}} {
		abs, err := filepath.Abs(*d.dir)
		if *d.dir == "" {
			problem("%s is not set", d.name)
		} else if err != nil {
			problem("%s: %v", d.name, err)
		}
		*d.dir = abs
	}
	if o.NodeBinary == "" {
		o.NodeBinary = findNodeBinary()
	}
	if o.NodeBinary == "" {
		problem("drover-node is neither beside this program nor in PATH; set NodeBinary")
	} else {
		checkProgram("NodeBinary", &o.NodeBinary, problem)
	}
	if o.AgentBinary != "" {
		checkProgram("AgentBinary", &o.AgentBinary, problem)
	}
	if o.SSHServer != "" {
		checkProgram("SSHServer", &o.SSHServer, problem)
		if rootless {
			problem("SSHServer needs root: OpenSSH changes users, and a node of an ordinary user has only one; leave it empty for the built-in server")
		}
		if in, _ := filepath.Rel("/usr", o.SSHServer); !filepath.IsLocal(in) {
			problem("SSHServer %s is not under /usr, the only folder of the host that nodes see", o.SSHServer)
		}
	}
	if o.Range == "" {
		o.Range = DefaultRange
	}
	addresses, err := netip.ParsePrefix(o.Range)
	switch {
	case err != nil:
		problem("Range: %v", err)
	case !addresses.Addr().Is4() || !addresses.Addr().IsLoopback() || addresses.Bits() < 8 || addresses.Bits() > 29:
		problem("Range %s: must lie in 127.0.0.0/8 and have at least 8 addresses", o.Range)
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "provider local cannot work with its options: %s", problems[0])
		f.Problems = problems
		return addresses, f
	}
	return addresses.Masked(), nil
}

func checkProgram(name string, file *string, problem func(string, ...any)) {
	abs, err := filepath.Abs(*file)
	if err != nil {
		problem("%s: %v", name, err)
		return
	}
	*file = abs
	if info, err := os.Stat(abs); err != nil {
		problem("%s: %v", name, err)
	} else if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		problem("%s %s is not an executable file", name, abs)
	}
}

func findNodeBinary() string {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "drover-node")
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	found, _ := exec.LookPath("drover-node")
	return found
}
