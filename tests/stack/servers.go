package stack

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"drover/workflows/api"
)

// defineTemporal prepares the development server. Its defaults hide the real cost of activities: a poll limit makes
// every sequential one take 100 ms, and four queue partitions stall fan-outs for two seconds now and then.
func (s *Stack) defineTemporal(ctx context.Context) error {
	path, err := s.Tool(ctx, "temporal")
	if err != nil {
		return err
	}
	ports, err := s.ports(s.wanted(s.last.Temporal, 7233), s.wanted(s.last.UI, 8233), 0, 0)
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
	if s.UI {
		s.UIURL = fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	} else {
		args = append(args, "--headless")
	}
	s.TemporalAddress = fmt.Sprintf("127.0.0.1:%d", ports[0])
	s.temporal = s.process("temporal", path, args, s.TemporalAddress, func(ctx context.Context) error {
		c, err := client.DialContext(ctx, client.Options{HostPort: s.TemporalAddress, Logger: silent{}})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
		return err
	})
	return nil
}

// silent swallows the SDK's log lines while a server is not up yet.
type silent struct{ tlog.Logger }

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

// defineConsul prepares a single durable Consul server. Every local node is a client from the same address, so the
// limit of connections per client is raised.
func (s *Stack) defineConsul(ctx context.Context) error {
	path, err := s.Tool(ctx, "consul")
	if err != nil {
		return err
	}
	ports, err := s.ports(s.wanted(s.last.Consul, 8500), 0, 0)
	if err != nil {
		return err
	}
	hcl := fmt.Sprintf(`
ports { http = %d, server = %d, serf_lan = %d, serf_wan = -1, dns = -1, grpc = -1, grpc_tls = -1 }
limits { http_max_conns_per_client = 4096 }
performance { raft_multiplier = 1 }
ui_config { enabled = %t }`, ports[0], ports[1], ports[2], s.UI)
	s.ConsulURL = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	settings := filepath.Join(s.Dir, "consul.hcl") // a file: tokens are nobody's argument
	if s.ConsulToken != "" {
		hcl += fmt.Sprintf("\nacl { enabled = true, default_policy = %q, tokens { initial_management = %q } }", "deny", s.ConsulToken)
	}
	if err := os.WriteFile(settings, []byte(hcl), 0o600); err != nil {
		return err
	}
	s.consul = s.process("consul", path, []string{
		"agent", "-server", "-bootstrap-expect=1", "-bind=127.0.0.1", "-log-level=warn",
		"-client=" + strings.TrimSpace("127.0.0.1 "+s.NodeConsul),
		"-node=dev", "-data-dir=" + filepath.Join(s.Dir, "consul"), "-config-file", settings,
	}, s.ConsulURL, func(ctx context.Context) error {
		// A write needs a leader, a read does not.
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, s.ConsulURL+"/v1/kv/drover/ready", http.NoBody)
		if err != nil {
			return err
		}
		if s.ConsulToken != "" {
			req.Header.Set("X-Consul-Token", s.ConsulToken)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("consul answers %s: %s", res.Status, body)
		}
		return nil
	})
	s.consul.env = []string{"CONSUL_HTTP_ADDR="}
	return nil
}

// StartWorker runs drover-worker and waits until it serves the task queue.
func (s *Stack) StartWorker(ctx context.Context) error {
	if s.metricsPort == 0 {
		ports, err := s.ports(0)
		if err != nil {
			return err
		}
		s.metricsPort = ports[0]
	}
	metrics := fmt.Sprintf("127.0.0.1:%d", s.metricsPort)
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
	s.worker = s.process("drover-worker", s.Binary("drover-worker"), args, "task queue "+api.TaskQueue, s.served)
	s.worker.env = append(s.Env(), s.WorkerEnv...)
	if err := s.worker.start(); err != nil {
		return err
	}
	if err := s.worker.waitReady(ctx); err != nil {
		return err
	}
	s.say("drover-worker serves the task queue %s", api.TaskQueue)
	return nil
}

// served says whether the worker that was started polls the task queue, as the server sees it: for some moments after the
// worker says so, clients are told that nobody does. A worker that was killed is still listed; the process id tells them apart.
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
			return strings.HasPrefix(p.Identity, fmt.Sprintf("%d@", s.worker.cmd.Process.Pid))
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
	return p.kill()
}

// StartServer runs a server again that was killed, and waits until it answers.
func (s *Stack) StartServer(ctx context.Context, name string) error {
	p, err := s.server(name)
	if err != nil || p.running() {
		return err
	}
	if err := p.start(); err != nil {
		return err
	}
	return p.waitReady(ctx)
}

func (s *Stack) server(name string) (*process, error) {
	for _, p := range []*process{s.temporal, s.consul} {
		if p != nil && p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("this stack runs no server %q", name)
}

// KillWorker ends the worker without warning, as a power loss would; what runs on nodes goes on. It does nothing when
// no worker runs.
func (s *Stack) KillWorker() error {
	if s.worker == nil {
		return nil
	}
	return s.worker.kill()
}

// StopWorker asks the worker to stop.
func (s *Stack) StopWorker() error {
	if s.worker == nil {
		return nil
	}
	return s.worker.stop()
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

// ports finds free loopback ports, different from each other; the wanted ones (0: any) where they are free.
func (s *Stack) ports(wanted ...int) ([]int, error) {
	ports := make([]int, len(wanted))
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	for i, want := range wanted {
		l, err := net.Listen("tcp", loopback(want))
		if err != nil && want != 0 {
			if l, err = net.Listen("tcp", loopback(0)); err == nil {
				s.say("port %d is taken; %s is used in its place", want, l.Addr())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		listeners = append(listeners, l)
		ports[i] = portOf(l.Addr().String())
	}
	return ports, nil
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
