package keep

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"drover/agent/api"
	"drover/durable"
	"drover/fault"
)

// Node says where things are; the zero value of a field stands for the usual place. Tests use others.
type Node struct {
	Program     string // the agent's program file; default: this one
	Socket      string
	ConfigFile  string
	ServicesDir string
	UnitFile    string
	PidFile     string // of the parent process, and its lock
	LogFile     string // of the agent, where nothing else collects its output
	// RunFlags are further arguments of `drover-agent run`.
	RunFlags []string

	// Init is the name of process 1.
	Init string
	// Systemctl runs systemctl; HangUp sends SIGHUP to process 1.
	Systemctl func(ctx context.Context, args ...string) error
	HangUp    func() error
}

func (n Node) withDefaults() (Node, error) {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&n.Socket, api.Socket)
	def(&n.ConfigFile, api.ConfigFile)
	def(&n.ServicesDir, api.ServicesDir)
	def(&n.UnitFile, "/etc/systemd/system/"+unitName)
	def(&n.PidFile, "/run/drover/keeper.pid")
	def(&n.LogFile, filepath.Join(api.LogDir, "agent.log"))
	if n.Program == "" {
		self, err := os.Executable()
		if err != nil {
			return n, fault.Wrap(err, fault.Internal, "find own program file")
		}
		n.Program = self
	}
	if n.Init == "" {
		b, _ := os.ReadFile("/proc/1/comm")
		n.Init = strings.TrimSpace(string(b))
	}
	if n.Systemctl == nil {
		n.Systemctl = systemctl
	}
	if n.HangUp == nil {
		n.HangUp = func() error { return syscall.Kill(1, syscall.SIGHUP) }
	}
	return n, nil
}

func systemctl(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	if err != nil {
		f := fault.Wrap(err, fault.Internal, "systemctl %s", strings.Join(args, " "))
		f.Output = string(out)
		return f
	}
	return nil
}

// runLine is the agent's command line.
func (n Node) runLine() []string {
	return append([]string{n.Program, "run", "--socket", n.Socket, "--config", n.ConfigFile}, n.RunFlags...)
}

// way is one means of keeping a program running.
type way interface {
	// begin makes sure that the agent is or will be started, now and after a reboot; changed says that what was
	// installed is not what was there before.
	begin(ctx context.Context) (changed bool, err error)
	// restart ends a running agent so that it comes back.
	restart(ctx context.Context) error
	// end makes sure that it is not started again, and ends it if it is the one to do so.
	end(ctx context.Context) error
}

// way picks what fits process 1.
func (n Node) way() way {
	if n.Init == "systemd" {
		return unit{n}
	}
	if st, err := os.Stat(n.ServicesDir); err == nil && st.IsDir() {
		return service{n}
	}
	return parent{n}
}

// writeIfOther replaces a file unless it holds this text already.
func writeIfOther(path, text string, mode os.FileMode) (bool, error) {
	if have, err := os.ReadFile(path); err == nil && string(have) == text {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, fault.Wrap(err, fault.Internal, "install the agent")
	}
	// No program takes the half-written file for a service: its name begins with a dot.
	if err := durable.Replace(path, []byte(text), mode); err != nil {
		return false, fault.Wrap(err, fault.Internal, "install the agent")
	}
	return true, nil
}
