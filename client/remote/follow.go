package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"drover/client"
	wire "drover/console/api"
	"drover/workflows/api"
)

// silence is how long a stream may be quiet: the server sends something every 15 s.
const silence = 40 * time.Second

// Follow watches an operation until it ends and shows every sight on the way, the last one with the end. A stream that breaks is
// taken up again. The error is a *client.Failed when the operation did not succeed; ctx.Err() when the caller stopped looking, which
// leaves the operation alone.
func (c *Client) Follow(ctx context.Context, workflowID, firstRunID string, show func(client.Sight)) (*client.Operation, error) {
	c.mu.Lock()
	plan := c.plans[firstRunID]
	c.mu.Unlock()
	if plan != nil {
		return plan, plan.Failed()
	}
	clusterID, _ := api.ClusterIDOf(workflowID)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	seen := make(chan sight)
	go c.stream(ctx, wire.OperationID(clusterID, firstRunID), seen)

	again := time.NewTicker(c.pace)
	defer again.Stop()
	var last client.Sight
	for {
		select {
		case s := <-seen:
			if s.err != nil {
				return nil, s.err
			}
			if s.Operation.Type == "" { // the connection is lost: what was seen stays in sight
				last.Note = s.Note
				continue
			}
			last = s.Sight
			show(last)
			if s.end {
				op := last.Operation
				return &op, op.Failed()
			}
		case <-again.C:
			if last.Operation.Type != "" {
				show(last)
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// sight is an event of a stream, or why there are no more.
type sight struct {
	client.Sight
	end bool
	err error
}

// stream sends the events of an operation until the last one, over as many connections as it takes.
func (c *Client) stream(ctx context.Context, id string, seen chan<- sight) {
	put := func(s sight) {
		select {
		case seen <- s:
		case <-ctx.Done():
		}
	}
	last := ""
	for ctx.Err() == nil {
		done, err := c.connection(ctx, id, &last, put)
		if done {
			return
		}
		if err != nil {
			put(sight{err: err})
			return
		}
		put(sight{Sight: client.Sight{Note: "drover-console does not respond; the operation continues"}})
		_ = pause(ctx, c.retry)
	}
}

// connection reads one connection to its end; done: that was the end of the operation. An error is one that another connection would
// meet again.
func (c *Client) connection(ctx context.Context, id string, last *string, put func(sight)) (done bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	quiet := time.AfterFunc(silence, stop)
	defer quiet.Stop()
	answer, err := c.send(ctx, question{method: http.MethodGet, path: at("operations", id, "events")}, *last)
	if err != nil {
		return false, nil
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		if answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests {
			return false, nil
		}
		return false, problem(answer)
	}
	lines := bufio.NewReader(answer.Body)
	event, name := "", ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return false, nil
		}
		quiet.Reset(silence)
		field, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		switch field {
		case "id":
			event = value
		case "event":
			name = value
		case "data":
			var o wire.Operation
			if json.Unmarshal([]byte(value), &o) != nil {
				return false, nil
			}
			*last = event
			put(sight{Sight: client.Sight{Operation: of(o), Note: o.Note}, end: name == "end"})
			if name == "end" {
				return true, nil
			}
		}
	}
}
