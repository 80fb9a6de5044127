package stack

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"drover/tests/stack/process"
	"drover/workflows/api"
)

// defineTemporal prepares the development server. Its defaults hide the real cost of activities: a poll limit makes
// every sequential one take 100 ms, and four queue partitions stall fan-outs for two seconds now and then.
func (s *Stack) defineTemporal(ctx context.Context) error {
	path, err := s.Tool(ctx, "temporal")
	if err != nil {
		return err
	}
	ports, err := process.FreePorts(s.wanted(s.last.Temporal, 7233), s.wanted(s.last.UI, 8233), 0, 0)
	if err != nil {
		return err
	}
	args := []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--log-level", "error",
		"--port", fmt.Sprint(ports[0]), "--ui-port", fmt.Sprint(ports[1]),
		"--http-port", fmt.Sprint(ports[2]), "--metrics-port", fmt.Sprint(ports[3]),
		"--db-filename", filepath.Join(s.Dir, "temporal.db"),
		"--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2",
	}
	for _, setting := range []string{
		"history.transferProcessorMaxPollRPS=1000", "history.timerProcessorMaxPollRPS=1000",
		"matching.numTaskqueueReadPartitions=1", "matching.numTaskqueueWritePartitions=1",
	} {
		args = append(args, "--dynamic-config-value", setting)
	}
	for _, name := range []string{api.AttrClusterID, api.AttrApp, api.AttrOperation, api.AttrOperationState} {
		args = append(args, "--search-attribute", name+"=Keyword")
	}
	for _, name := range s.Namespaces {
		args = append(args, "--namespace", name)
	}
	if s.UI {
		s.UIURL = fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	} else {
		args = append(args, "--headless")
	}
	s.TemporalAddress = fmt.Sprintf("127.0.0.1:%d", ports[0])
	s.temporal = s.keep(&process.Process{Name: "temporal", Path: path, Args: args, Address: s.TemporalAddress, Ready: func(ctx context.Context) error {
		c, err := client.DialContext(ctx, client.Options{HostPort: s.TemporalAddress, Logger: silent{}})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
		return err
	}})
	return nil
}

// silent swallows the SDK's log lines while a server is not up yet.
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

// served says whether the worker that was started polls the task queue, as the server sees it: for some moments after the
// worker says so, clients are told that no process does. A worker that was killed is still listed; the process id distinguishes them.
func (s *Stack) served(ctx context.Context) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: s.TemporalAddress, Logger: silent{}})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, kind := range []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_WORKFLOW, enums.TASK_QUEUE_TYPE_ACTIVITY} {
		queue, err := c.DescribeTaskQueue(ctx, api.TaskQueue, kind)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(queue.Pollers, func(p *taskqueue.PollerInfo) bool {
			return strings.HasPrefix(p.Identity, fmt.Sprintf("%d@", s.worker.Pid()))
		}) {
			return fmt.Errorf("the worker does not poll the task queue %s for tasks of kind %s", api.TaskQueue, kind)
		}
	}
	return nil
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
