package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"drover/client"
	wire "drover/console/api"
	"drover/fault"
)

// attempts is how often a request is sent that cannot be carried out twice.
const attempts = 3

// maxAnswer bounds what is read of an answer.
const maxAnswer = 256 << 20

// question is one request.
type question struct {
	method, path string
	query        url.Values
	body         any    // sent as JSON; []byte as they are
	key          string // Idempotency-Key
	unlimited    bool   // as long as it takes
}

// ask sends a request and reads the answer into out, which may be nil. Errors are faults, or a *client.Failed for what ended badly
// behind the server.
func (c *Client) ask(ctx context.Context, q question, out any) error {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if !q.unlimited {
		limited, cancel = context.WithTimeout(ctx, c.timeout)
	}
	defer cancel()
	var err error
	for attempt := range attempts {
		if attempt > 0 && pause(limited, c.retry/4<<attempt) != nil {
			break
		}
		var answer *http.Response
		if answer, err = c.send(limited, q, ""); err == nil {
			return read(answer, out)
		}
		if limited.Err() != nil || q.method != http.MethodGet && q.key == "" {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fault.New(fault.Unreachable, "%s has not answered within %s", c.base, c.timeout).WithHint("allow more time with: --timeout")
	}
	return c.unreachable(err)
}

func (c *Client) unreachable(err error) error {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err // the address is in the text already
	}
	return fault.Wrap(err, fault.Unreachable, "cannot reach drover-console at %s", c.base).
		WithHint("check that drover-console is running and that --server or DROVER_SERVER has its address")
}

// send sends a request once; last is the id of the last event of a stream.
func (c *Client) send(ctx context.Context, q question, last string) (*http.Response, error) {
	var content io.Reader
	kind := "application/json"
	switch b := q.body.(type) {
	case nil:
	case []byte:
		content, kind = bytes.NewReader(b), "application/octet-stream"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	to := c.base.JoinPath(q.path)
	to.RawQuery = q.query.Encode()
	r, err := http.NewRequestWithContext(ctx, q.method, to.String(), content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("User-Agent", c.agent)
	r.Header.Set("Accept", "application/json, text/event-stream, "+wire.ProblemType)
	for name, value := range map[string]string{"Idempotency-Key": q.key, "Last-Event-ID": last} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if content != nil {
		r.Header.Set("Content-Type", kind)
	}
	return c.http.Do(r)
}

// read reads an answer, which may be a problem.
func read(answer *http.Response, out any) error {
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusMultipleChoices {
		return problem(answer)
	}
	if out == nil || answer.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(out); err != nil {
		return fault.Wrap(err, fault.Unreachable, "the answer of drover-console cannot be read")
	}
	return nil
}

// problem is the error that an answer is.
func problem(answer *http.Response) error {
	var p wire.Problem
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20)) // what is missing does not parse
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), wire.ProblemType) || json.Unmarshal(text, &p) != nil || p.Fault.Type == "" {
		t := fault.Unreachable
		if answer.StatusCode < http.StatusInternalServerError {
			t = fault.Invalid
		}
		return fault.New(t, "the server answered %s, which is not an answer of drover-console", answer.Status).
			WithHint("check that --server or DROVER_SERVER is the address of drover-console")
	}
	f := p.Fault
	if answer.StatusCode == http.StatusUnauthorized && f.Hint == "" {
		f.Hint = "check the file of --token-file or DROVER_TOKEN_FILE; tokens expire"
	}
	if p.Ended != nil {
		return &client.Failed{Operation: p.Ended.Operation, ClusterID: p.Ended.ClusterID, State: p.Ended.State, Began: p.Ended.Began, Fault: &f}
	}
	return &f
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// at makes a path of parts that are escaped.
func at(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "/v1/" + strings.Join(parts, "/")
}
