package process

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"drover/workflows/api"
)

// Temporal is what differs between development servers of Temporal.
type Temporal struct {
	Path string // the temporal program
	Dir  string // for its database
	// Port of the frontend and UIPort are any free ones when 0.
	Port, UIPort int
	UI           bool
	// Namespaces beside "default".
	Namespaces []string
}

// Server prepares the server, and gives its host:port and, with UI, the URL of that. The defaults of the development server hide
// the real cost of activities: a poll limit makes every sequential one take 100 ms, and four queue partitions stall fan-outs for
// two seconds now and then.
func (t Temporal) Server() (_ *Process, address, ui string, _ error) {
	ports, err := FreePorts(t.Port, t.UIPort, 0, 0)
	if err != nil {
		return nil, "", "", err
	}
	args := []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--log-level", "error",
		"--port", fmt.Sprint(ports[0]), "--ui-port", fmt.Sprint(ports[1]),
		"--http-port", fmt.Sprint(ports[2]), "--metrics-port", fmt.Sprint(ports[3]),
		"--db-filename", filepath.Join(t.Dir, "temporal.db"),
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
	for _, name := range t.Namespaces {
		args = append(args, "--namespace", name)
	}
	if t.UI {
		ui = fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	} else {
		args = append(args, "--headless")
	}
	address = fmt.Sprintf("127.0.0.1:%d", ports[0])
	return &Process{Name: "temporal", Path: t.Path, Args: args, Address: address, Ready: func(ctx context.Context) error {
		c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: silent{}})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
		return err
	}}, address, ui, nil
}

// silent swallows the SDK's log lines while a server is not up yet.
type silent struct{ tlog.Logger }

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

// Served says whether the worker with this process id polls the task queue, as the server sees it: for some moments after the
// worker says so, clients are told that no process does. A worker that was killed is still listed; the process id distinguishes them.
func Served(ctx context.Context, address string, pid int) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: silent{}})
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
			return strings.HasPrefix(p.Identity, fmt.Sprintf("%d@", pid))
		}) {
			return fmt.Errorf("the worker does not poll the task queue %s for tasks of kind %s", api.TaskQueue, kind)
		}
	}
	return nil
}
