package reader

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"drover/fault"
)

// query is one GET below /v1/kv/.
type query struct {
	key        string
	recurse    bool // everything below key, as JSON; else the bare value
	consistent bool // confirmed by a quorum, for values that must not be stale
	index      uint64
	wait       time.Duration
}

// answer is Consul's response. A missing key is an answer, not an error.
type answer struct {
	found bool
	index uint64
	body  []byte
}

// slack is the additional time of a blocking query beyond its wait: Consul adds up to a sixteenth, then the network.
func slack(wait time.Duration) time.Duration { return wait/16 + 15*time.Second }

func (r *Reader) get(ctx context.Context, q query) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, q.wait+slack(q.wait))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url(q), nil)
	if err != nil {
		return answer{}, fault.Wrap(err, fault.Invalid, "Consul address %q", r.addr)
	}
	if r.token != "" {
		req.Header.Set("X-Consul-Token", r.token)
	}
	res, err := r.client.Do(req)
	if err != nil {
		// The message has the address and key already; the token is in a header and never in the text.
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return answer{}, fault.Wrap(err, fault.Unreachable, "read %s from Consul at %s", q.key, r.addr)
	}
	defer res.Body.Close()
	body, err := readBody(res)
	if err != nil {
		return answer{}, fault.Wrap(err, fault.Unreachable, "read %s from Consul at %s", q.key, r.addr)
	}
	index, _ := strconv.ParseUint(res.Header.Get("X-Consul-Index"), 10, 64)
	switch res.StatusCode {
	case http.StatusOK:
		return answer{found: true, index: index, body: body}, nil
	case http.StatusNotFound:
		return answer{index: index}, nil
	}
	return answer{}, r.refused("read "+q.key, res.StatusCode, body)
}

func (r *Reader) url(q query) string {
	args := make(url.Values)
	if q.recurse {
		args.Set("recurse", "")
	} else {
		args.Set("raw", "")
	}
	if q.consistent {
		args.Set("consistent", "")
	}
	if q.index > 0 {
		args.Set("index", strconv.FormatUint(q.index, 10))
		args.Set("wait", strconv.Itoa(int(q.wait/time.Millisecond))+"ms")
	}
	path := url.URL{Path: "/v1/kv/" + q.key}
	return r.addr + path.EscapedPath() + "?" + args.Encode()
}

func readBody(res *http.Response) ([]byte, error) {
	var b bytes.Buffer
	if res.ContentLength > 0 {
		b.Grow(int(res.ContentLength) + bytes.MinRead)
	}
	_, err := io.Copy(&b, res.Body)
	return b.Bytes(), err
}

// refused is the fault of an answer that is neither a value nor a missing key; what is the request: "read KEY".
func (r *Reader) refused(what string, status int, body []byte) error {
	said := strings.TrimSpace(string(body[:min(len(body), 256)]))
	switch {
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return fault.New(fault.Unauthorized, "Consul at %s refuses to %s: %s", r.addr, what, said).
			WithHint("check the node's Consul token and its policy")
	case status == http.StatusTooManyRequests:
		return fault.New(fault.Unreachable, "Consul at %s has too many connections from this machine: %s", r.addr, said).
			WithHint("raise limits.http_max_conns_per_client of Consul")
	case status >= 500:
		return fault.New(fault.Unreachable, "Consul at %s cannot %s: %d %s", r.addr, what, status, said)
	}
	return fault.New(fault.Internal, "Consul at %s answered %d to %s: %s", r.addr, status, what, said)
}
