// Command go is the life of a cluster through drover-console's HTTP API, with Go's standard library alone:
//
//	DROVER_SERVER=http://127.0.0.1:7680 DROVER_TOKEN_FILE=token go run ./examples/go APP
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"
)

// operation is what this program needs of an operation; the document has all of it.
type operation struct {
	ID        string `json:"id"`
	ClusterID string `json:"cluster_id"`
	Type      string `json:"type"`
	State     string `json:"state"`
	Progress  *struct {
		Steps []struct {
			ID    string `json:"id"`
			Words string `json:"words"`
			State string `json:"state"`
		} `json:"steps"`
	} `json:"progress"`
	Error *struct {
		Message string `json:"message"`
		Hint    string `json:"hint"`
	} `json:"error"`
}

// problem is an error of the API (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string { return fmt.Sprintf("%s (%d): %s", p.Title, p.Status, p.Detail) }

type client struct{ server, token string }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: go run ./examples/go APP")
	}
	token, err := os.ReadFile(os.Getenv("DROVER_TOKEN_FILE"))
	if err != nil {
		return err
	}
	c := &client{strings.TrimSuffix(os.Getenv("DROVER_SERVER"), "/"), strings.TrimSpace(string(token))}

	created, err := c.operate(ctx, "/v1/clusters", map[string]any{"input": map[string]any{"app": args[0]}})
	if err != nil {
		return err
	}
	var cluster struct {
		State     string `json:"state"`
		NodeCount int    `json:"node_count"`
	}
	if err := c.ask(ctx, http.MethodGet, "/v1/clusters/"+created.ClusterID, "", nil, &cluster); err != nil {
		return err
	}
	fmt.Printf("%s is %s with %d nodes\n", created.ClusterID, cluster.State, cluster.NodeCount)
	_, err = c.operate(ctx, "/v1/clusters/"+created.ClusterID+"/operations", map[string]any{"type": "DeleteCluster"})
	return err
}

// operate starts an operation and follows it to its end. The request is sent again while no answer arrives: with the same key it is
// carried out once.
func (c *client) operate(ctx context.Context, path string, body any) (*operation, error) {
	key := rand.Text()
	var op operation
	for attempt := 1; ; attempt++ {
		err := c.ask(ctx, http.MethodPost, path, key, body, &op)
		if err == nil {
			break
		}
		if p := (*problem)(nil); errors.As(err, &p) && p.Status < 500 || attempt == 5 {
			return nil, err
		}
		time.Sleep(time.Second)
	}
	return c.follow(ctx, op.ID)
}

// follow reads the events of an operation, over as many connections as it takes, and prints its steps.
func (c *client) follow(ctx context.Context, id string) (*operation, error) {
	last, shown := "", map[string]bool{}
	for {
		op, err := c.events(ctx, id, &last, func(op *operation) {
			if op.Progress == nil {
				return
			}
			for _, s := range op.Progress.Steps {
				if s.State == "done" && !shown[s.ID+s.Words] {
					shown[s.ID+s.Words] = true
					fmt.Printf("%s  %s %s\n", op.Type, s.ID, s.Words)
				}
			}
		})
		switch p := (*problem)(nil); {
		case errors.As(err, &p) && p.Status < 500, ctx.Err() != nil:
			return nil, err
		case op == nil:
			time.Sleep(time.Second) // the connection was lost
		case op.State != "succeeded" && op.Error != nil:
			return op, fmt.Errorf("%s %s: %s %s", op.Type, op.State, op.Error.Message, op.Error.Hint)
		default:
			fmt.Println(op.Type, op.State)
			return op, nil
		}
	}
}

// events reads one connection; the result is nil when it breaks before the operation ends.
func (c *client) events(ctx context.Context, id string, last *string, show func(*operation)) (*operation, error) {
	r, err := c.request(ctx, http.MethodGet, "/v1/operations/"+id+"/events", nil)
	if err != nil {
		return nil, err
	}
	if *last != "" {
		r.Header.Set("Last-Event-ID", *last)
	}
	answer, err := do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	lines, name, event := bufio.NewReader(answer.Body), "", ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil, err
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); field {
		case "id":
			event = value
		case "event":
			name = value
		case "data":
			op := &operation{}
			if err := json.Unmarshal([]byte(value), op); err != nil {
				return nil, err
			}
			*last = event
			if show(op); name == "end" {
				return op, nil
			}
		}
	}
}

// ask sends a request and reads its answer.
func (c *client) ask(ctx context.Context, method, path, key string, body, out any) error {
	r, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(out)
}

func (c *client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.server+path, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// do sends a request; an answer that is not a success is the problem it has.
func do(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode < 300 {
		return answer, err
	}
	defer answer.Body.Close()
	p := &problem{Title: answer.Status, Status: answer.StatusCode}
	_ = json.NewDecoder(answer.Body).Decode(p) // else the status says what is known
	return nil, p
}
