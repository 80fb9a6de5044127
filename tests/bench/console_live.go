package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"drover/client"
	wire "drover/console/api"
	"drover/console/auth"
	"drover/console/server"
	"drover/fault"
	"drover/metadata"
	"drover/tests/stack"
	"drover/workflows/api"
)

// livePace is that of drover-console.
const livePace = 150 * time.Millisecond

// site is a console within this program, so that its requests to Temporal can be counted.
type site struct {
	*httptest.Server
	token string
	polls atomic.Int64 // long polls of Temporal that are open
	most  atomic.Int64
}

type madeUp []metadata.View

func (m madeUp) All(context.Context) ([]metadata.View, error) {
	return append([]metadata.View(nil), m...), nil
}

func (m madeUp) One(_ context.Context, id string) (metadata.View, <-chan struct{}, error) {
	for _, v := range m {
		if v.ClusterID == id {
			return v, nil, nil
		}
	}
	return metadata.View{}, nil, fault.New(fault.NotFound, "cluster %s does not exist", id)
}

func newSite(ctx context.Context, s *stack.Stack, name string) (*site, func(), error) {
	out := &site{}
	dir := filepath.Join(s.Dir, name)
	users, err := auth.Open(dir+"-tokens.json", time.Now)
	if err != nil {
		return nil, nil, err
	}
	audit, err := auth.OpenAudit(dir + "-audit.jsonl")
	if err != nil {
		return nil, nil, err
	}
	issued, err := users.Issue(wire.NewToken{Name: "bench", Role: wire.Operator}, "bench")
	if err != nil {
		return nil, nil, err
	}
	out.token = issued.Text
	c, err := client.Dial(ctx, client.Options{Address: s.TemporalAddress, Connect: out.connect})
	if err != nil {
		return nil, nil, err
	}
	c.Poll = livePace
	ctx, stop := context.WithCancel(ctx)
	out.Server = httptest.NewServer(server.New(ctx, server.Options{
		Client: c, Views: madeUp(views()), Auth: users, Audit: audit, Pages: http.NotFoundHandler(), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}).Handler())
	return out, func() { stop(); out.CloseClientConnections(); out.Close(); c.Close() }, nil
}

// connect counts the long polls that are open at the same time.
func (s *site) connect(ctx context.Context, o sdk.Options, timeout time.Duration) (sdk.Client, error) {
	o.ConnectionOptions.DialOptions = append(o.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if strings.HasSuffix(method, "/GetWorkflowExecutionHistory") {
				s.most.Store(max(s.most.Load(), s.polls.Add(1)))
				defer s.polls.Add(-1)
			}
			return invoke(ctx, method, req, reply, conn, opts...)
		}))
	return client.Connect(ctx, o, timeout)
}

// live has many watchers of one operation, whose progress changes on signals; each change has the time at which it was made.
func live(ctx context.Context, s *stack.Stack, v *verdicts) error {
	temporal, err := s.Client(ctx)
	if err != nil {
		return err
	}
	defer temporal.Close()
	w := worker.New(temporal, api.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(signalled, workflow.RegisterOptions{Name: api.StopCluster})
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	site, stop, err := newSite(ctx, s, "live")
	if err != nil {
		return err
	}
	defer stop()

	const cluster = "cl-00000001"
	run, err := temporal.ExecuteWorkflow(ctx, sdk.StartWorkflowOptions{ID: api.WorkflowID(cluster), TaskQueue: api.TaskQueue}, api.StopCluster)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var late sync.Mutex
	var seen times
	counting := func(words string, at time.Time) {
		made, err := time.Parse(time.RFC3339Nano, words)
		if err != nil {
			return // before the first signal
		}
		late.Lock()
		defer late.Unlock()
		seen = append(seen, at.Sub(made))
	}
	var ready sync.WaitGroup
	for range watchers {
		ready.Add(1)
		go func() {
			_ = site.follow(ctx, wire.OperationID(cluster, run.GetRunID()), sync.OnceFunc(ready.Done), counting)
		}()
	}
	ready.Wait()
	for range signals {
		if err := temporal.SignalWorkflow(ctx, run.GetID(), run.GetRunID(), "step", time.Now().Format(time.RFC3339Nano)); err != nil {
			return err
		}
		time.Sleep(260 * time.Millisecond)
	}
	time.Sleep(time.Second)
	late.Lock()
	defer late.Unlock()
	if len(seen) < watchers*signals*8/10 {
		return fmt.Errorf("only %d of %d events arrived", len(seen), watchers*signals)
	}
	v.add(fmt.Sprintf("event to %d watchers, p99", watchers), float64(seen.percentile(99).Milliseconds()), 250, "ms")
	v.add(fmt.Sprintf("long polls for %d watchers of one operation", watchers), float64(site.most.Load()), 1, "")
	return temporal.TerminateWorkflow(ctx, run.GetID(), run.GetRunID(), "measured")
}

// signalled is an operation whose step is called after the last signal.
func signalled(ctx workflow.Context) error {
	p := api.Progress{State: api.OpRunning, Steps: []api.Step{{ID: "ST1", Words: "waits", State: api.StepRunning, StartedAt: workflow.Now(ctx)}}}
	if err := workflow.SetQueryHandler(ctx, api.QueryProgress, func() (api.Progress, error) { return p, nil }); err != nil {
		return err
	}
	for signal := workflow.GetSignalChannel(ctx, "step"); ; {
		var words string
		if signal.Receive(ctx, &words); ctx.Err() != nil {
			return ctx.Err()
		}
		p.Steps[0].Words = words
	}
}

// follow reads the events of an operation until ctx ends.
func (s *site) follow(ctx context.Context, id string, ready func(), each func(words string, at time.Time)) error {
	r := request(ctx, s.URL+"/v1/operations/"+id+"/events", nil)
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultTransport.RoundTrip(r)
	ready()
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for last := ""; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		at := time.Now()
		data, ok := strings.CutPrefix(line, "data: ")
		var op client.Operation
		if !ok || json.Unmarshal([]byte(data), &op) != nil || op.Progress == nil {
			continue
		}
		if words := op.Progress.Steps[0].Words; words != last {
			last = words
			each(words, at)
		}
	}
}

// lists asks for pages of the list in every order, filtered and not.
func lists(ctx context.Context, s *stack.Stack, v *verdicts) error {
	site, stop, err := newSite(ctx, s, "lists")
	if err != nil {
		return err
	}
	defer stop()
	var took times
	for i := range 400 {
		query := []string{"?limit=50", "?limit=200&sort=name", "?limit=50&sort=-age&state=active", "?limit=50&q=cluster+99", fmt.Sprintf("?limit=200&cursor=%d", i*25)}[i%5]
		began := time.Now()
		var page struct {
			Total int `json:"total"`
		}
		r := request(ctx, site.URL+"/v1/clusters"+query, nil)
		r.Header.Set("Authorization", "Bearer "+site.token)
		if err := read(r, &page); err != nil {
			return err
		}
		took = append(took, time.Since(began))
		if page.Total == 0 {
			return errors.New("an empty page")
		}
	}
	v.add(fmt.Sprintf("page of the list of %d clusters, p95", listed), float64(took.percentile(95).Milliseconds()), 300, "ms")
	return nil
}

func request(ctx context.Context, address string, cookie *http.Cookie) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		panic(err) // addresses are made here
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return r
}

func get(ctx context.Context, address string, cookie *http.Cookie, out any) error {
	return read(request(ctx, address, cookie), out)
}

func read(r *http.Request, out any) error {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", r.URL.Path, answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(out)
}
