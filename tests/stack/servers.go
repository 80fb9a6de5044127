package stack

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	tlog "go.temporal.io/sdk/log"

	"drover/starter/process"
	"drover/workflows/api"
)

// defineTemporal prepares the development server.
func (s *Stack) defineTemporal(ctx context.Context) error {
	path, err := s.Tool(ctx, "temporal")
	if err != nil {
		return err
	}
	s.temporal, s.TemporalAddress, s.UIURL, err = process.Temporal{
		Path: path, Dir: s.Dir, Port: s.wanted(s.last.Temporal, 7233), UIPort: s.wanted(s.last.UI, 8233), UI: s.UI, Namespaces: s.Namespaces,
	}.Server()
	if err != nil {
		return err
	}
	s.keep(s.temporal)
	return nil
}

// silent swallows the SDK's log lines.
type silent struct{ tlog.Logger }

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

// defineConsul prepares a single durable Consul server.
func (s *Stack) defineConsul(ctx context.Context) (err error) {
	path, err := s.Tool(ctx, "consul")
	if err != nil {
		return err
	}
	s.consul, s.ConsulURL, err = process.Consul{
		Path: path, Dir: s.Dir, Port: s.wanted(s.last.Consul, 8500), Token: s.ConsulToken, Address: s.NodeConsul, UI: s.UI,
	}.Server()
	if err != nil {
		return err
	}
	s.keep(s.consul)
	return nil
}

// StartWorker runs drover-worker and waits until it serves the task queue.
func (s *Stack) StartWorker(ctx context.Context) error {
	if s.metricsPort == 0 {
		ports, err := process.FreePorts(s.wanted(s.last.Metrics, 9464))
		if err != nil {
			return err
		}
		s.metricsPort = ports[0]
		if err := s.save(); err != nil {
			return err
		}
	}
	metrics := loopback(s.metricsPort)
	args := append([]string{
		"--state-dir", s.StateDir, "--images", s.Images,
		"--binaries", s.Bin, "--metrics", metrics, "--identity", filepath.Join(s.Dir, "id_ed25519"),
	}, s.WorkerFlags...)
	if s.Range != "" {
		args = append(args, "--local-range", s.Range)
	}
	if s.SSHServer != "" {
		args = append(args, "--local-sshd", s.SSHServer)
	}
	if s.NodeConsul != "" {
		args = append(args, "--node-consul", fmt.Sprintf("http://%s:%d", s.NodeConsul, portOf(s.ConsulURL)))
	}
	s.worker = s.keep(&process.Process{
		Name: "drover-worker", Path: s.Binary("drover-worker"), Args: args, Address: "task queue " + api.TaskQueue,
		Ready: s.served, Env: append(s.Env(), s.WorkerEnv...),
	})
	if err := s.worker.Start(); err != nil {
		return err
	}
	if err := s.worker.WaitReady(ctx); err != nil {
		return err
	}
	s.say("drover-worker serves the task queue %s", api.TaskQueue)
	return nil
}

// served says whether the worker that was started polls the task queue.
func (s *Stack) served(ctx context.Context) error {
	return process.Served(ctx, s.TemporalAddress, s.worker.Pid())
}

// KillServer ends "temporal" or "consul" without warning, as a power loss would. StartServer brings it back with what it
// had written, under the same address.
func (s *Stack) KillServer(name string) error {
	p, err := s.server(name)
	if err != nil {
		return err
	}
	return p.Kill()
}

// StartServer runs a server again that was killed, and waits until it answers.
func (s *Stack) StartServer(ctx context.Context, name string) error {
	p, err := s.server(name)
	if err != nil || p.Running() {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	return p.WaitReady(ctx)
}

func (s *Stack) server(name string) (*process.Process, error) {
	for _, p := range []*process.Process{s.temporal, s.consul} {
		if p != nil && p.Name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("this stack runs no server %q", name)
}

// KillWorker ends the worker without warning, as a power loss would; what runs on nodes continues. It does nothing when
// no worker runs.
func (s *Stack) KillWorker() error {
	if s.worker == nil {
		return nil
	}
	return s.worker.Kill()
}

// StopWorker asks the worker to stop.
func (s *Stack) StopWorker() error {
	if s.worker == nil {
		return nil
	}
	return s.worker.Stop()
}

// wanted is the port to try first: the one this stack had, else the well-known one, else any (0).
func (s *Stack) wanted(last, wellKnown int) int {
	switch {
	case last != 0:
		return last
	case s.WellKnownPorts:
		return wellKnown
	}
	return 0
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// portOf is the port of a URL or host:port; 0 when there is none.
func portOf(address string) int {
	_, text, err := net.SplitHostPort(address[strings.LastIndexByte(address, '/')+1:])
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return port
}
