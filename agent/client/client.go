package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Dialer opens one connection to the agent's socket.
type Dialer func(ctx context.Context) (net.Conn, error)

// Client calls one agent. It keeps no connection between calls: agents restart, and a call that must run once is not to
// be lost on a connection that died unnoticed.
type Client struct{ http *http.Client }

// New makes a client over dial.
func New(dial Dialer) *Client {
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableKeepAlives:  true,
		DisableCompression: true,
	}}}
}

// Unix makes a client of the agent on this machine.
func Unix(path string) *Client {
	return New(func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	})
}

// Status asks what the agent is doing.
func (c *Client) Status(ctx context.Context) (api.Status, error) {
	var out api.Status
	return out, c.call(ctx, http.MethodGet, "/v1/status", nil, &out)
}

// Sync waits until the agent has applied at least the revision (B2); a BarrierTimeout fault says what it waits for.
func (c *Client) Sync(ctx context.Context, r api.SyncRequest) (api.SyncResult, error) {
	var out api.SyncResult
	return out, c.call(ctx, http.MethodPost, "/v1/sync", r, &out)
}

// Reload makes the agent read conf.d again and apply the current revision once more.
func (c *Client) Reload(ctx context.Context) (api.SyncResult, error) {
	var out api.SyncResult
	return out, c.call(ctx, http.MethodPost, "/v1/reload", nil, &out)
}

// Preview asks which files a change of the cluster's keys would replace. An agent of an older version has no such call: NotFound.
func (c *Client) Preview(ctx context.Context, r api.PreviewRequest) (api.PreviewResult, error) {
	var out api.PreviewResult
	return out, c.call(ctx, http.MethodPost, "/v1/preview", r, &out)
}

// EndPassCommand ends the check_cmd or reload_cmd that the agent's pass over the configuration waits for, if there is one.
func (c *Client) EndPassCommand(ctx context.Context) (api.Status, error) {
	var out api.Status
	return out, c.call(ctx, http.MethodDelete, "/v1/pass/command", nil, &out)
}

// PutConfig replaces the agent's health check and monitor settings.
func (c *Client) PutConfig(ctx context.Context, cfg api.Config) (api.Status, error) {
	var out api.Status
	return out, c.call(ctx, http.MethodPut, "/v1/config", cfg, &out)
}

// Now reads the node's clock.
func (c *Client) Now(ctx context.Context) (string, error) {
	var out api.Now
	err := c.call(ctx, http.MethodGet, "/v1/now", nil, &out)
	return out.Now, err
}

// Launch runs the command once under id, however often it is called, and waits up to wait for its end.
func (c *Client) Launch(ctx context.Context, id string, cmd api.Command, wait time.Duration) (api.CommandStatus, error) {
	return c.command(ctx, http.MethodPut, id, cmd, wait)
}

// Attach waits up to wait for the end of a command launched before; NotFound when it never began.
func (c *Client) Attach(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error) {
	return c.command(ctx, http.MethodGet, id, nil, wait)
}

// Cancel ends the command's process group and waits up to wait for that.
func (c *Client) Cancel(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error) {
	return c.command(ctx, http.MethodDelete, id, nil, wait)
}

// List gives the newest commands whose ids match a pattern of path.Match ("" is all), newest first, at most limit.
func (c *Client) List(ctx context.Context, match string, limit int) (api.CommandList, error) {
	var out api.CommandList
	query := url.Values{"match": {match}, "limit": {strconv.Itoa(limit)}}
	return out, c.call(ctx, http.MethodGet, "/v1/commands?"+query.Encode(), nil, &out)
}

// Output reads what a command printed, at most limit bytes from a position on; a negative one counts from the end.
func (c *Client) Output(ctx context.Context, id string, from int64, limit int) (api.CommandOutput, error) {
	var out api.CommandOutput
	query := url.Values{"from": {strconv.FormatInt(from, 10)}, "limit": {strconv.Itoa(limit)}}
	return out, c.call(ctx, http.MethodGet, "/v1/commands/"+url.PathEscape(id)+"/output?"+query.Encode(), nil, &out)
}

func (c *Client) command(ctx context.Context, method, id string, body any, wait time.Duration) (api.CommandStatus, error) {
	var out api.CommandStatus
	// Whole seconds on the wire, rounded up: a wait of 300 ms must not become none.
	seconds := int64((max(wait, 0) + time.Second - 1) / time.Second)
	path := "/v1/commands/" + url.PathEscape(id) + "?wait=" + strconv.FormatInt(seconds, 10)
	return out, c.call(ctx, method, path, body, &out)
}

// answerLimit bounds what is read of an answer; the largest honest one carries 64 KiB of stdout.
const answerLimit = 4 << 20

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fault.Wrap(err, fault.Internal, "encode request for the agent")
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://agent"+path, body)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "request for the agent")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		if u, ok := err.(*url.Error); ok {
			err = u.Err
		}
		return fault.Wrap(err, fault.Unreachable, "the agent does not answer")
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return fault.Wrap(err, fault.Unreachable, "the agent's answer broke off")
	}
	if res.StatusCode >= 400 {
		return refusal(res.Status, data)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fault.Wrap(err, fault.Internal, "the agent's answer to %s %s is not what was expected", method, path)
	}
	return nil
}

// refusal restores the fault that the agent met.
func refusal(status string, data []byte) error {
	var e api.Error
	if json.Unmarshal(data, &e) != nil || e.Type == "" {
		return fault.New(fault.Internal, "the agent answered %s: %s", status, bytes.TrimSpace(data[:min(len(data), 200)]))
	}
	return fault.New(fault.Type(e.Type), "%s", e.Error)
}
