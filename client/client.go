package client

import (
	"context"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drover/codec"
	"drover/fault"
	"drover/workflows/api"
)

// Client is a connected Temporal namespace with Drover's workflows in it; Dial makes one. It is safe for concurrent use.
type Client struct {
	Temporal client.Client
	// Keys are the payload keys Temporal was made with.
	Keys codec.Keys
	// Now is the clock used for waiting times and for what people read.
	Now func() time.Time
	// ReadTimeout bounds the reading workflows and publishing; 0 means 30 s.
	ReadTimeout time.Duration
	// Poll is the pace of following an operation; 0 means 300 ms.
	Poll time.Duration
}

const (
	defaultReadTimeout = 30 * time.Second
	defaultPoll        = 300 * time.Millisecond
	// queryTimeout bounds one question to a worker: without a worker the server would hold it for longer.
	queryTimeout = 3 * time.Second
)

func (c *Client) readTimeout() time.Duration {
	if c.ReadTimeout > 0 {
		return c.ReadTimeout
	}
	return defaultReadTimeout
}

func (c *Client) poll() time.Duration {
	if c.Poll > 0 {
		return c.Poll
	}
	return defaultPoll
}

// NeedWorker fails with Unreachable when no worker polls the task queue: whatever is started would wait silently. A
// worker that died without a word stays listed for some minutes; then the timeouts detect it.
func (c *Client) NeedWorker(ctx context.Context) error {
	answer, err := c.Temporal.DescribeTaskQueue(ctx, api.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return serviceFault(ctx, err, "cannot list the pollers of task queue %s", api.TaskQueue)
	}
	if pollers := answer.GetPollers(); len(pollers) > 0 {
		var workers []string
		for _, p := range pollers {
			workers = append(workers, p.GetIdentity())
		}
		return codec.Agree(c.Keys, workers)
	}
	return fault.New(fault.Unreachable, "no worker is polling task queue %s", api.TaskQueue).
		WithHint("start drover-worker against the same address and namespace")
}
