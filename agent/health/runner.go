package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"drover/agent/api"
)

const (
	// monitorEvery is how often the monitor command runs while it is enabled and succeeds. monitorSoon is when it runs first,
	// and again after a failure: an application that was just started must be seen soon.
	monitorEvery = time.Minute
	monitorSoon  = 10 * time.Second
	// monitorLimit is the package format's time limit for it.
	monitorLimit = 5 * time.Second
	// monitorSize is the largest JSON object that is kept.
	monitorSize = 16 << 10
)

// Action runs an action command to its end; the journal does it, because such commands restart daemons, and those must
// not be tied to the agent.
type Action func(ctx context.Context, cmd string, timeoutSec int) error

// Rest is what must not run at the moment.
type Rest int

// What rests.
const (
	Awake Rest = iota
	// ActionsRest: the cluster is in maintenance.
	ActionsRest
	// AllRest: an operation runs on the cluster, or the cluster is not active. A service that an operation stopped must not be
	// started behind its back.
	AllRest
)

// Quiet says what must rest now.
type Quiet func(ctx context.Context) Rest

// Health is the state of a node, since when, and why it is not healthy.
type Health struct {
	State  string
	Since  time.Time
	Reason string
}

// Runner runs what its settings say. Set may be called at any time.
type Runner struct {
	action Action
	quiet  Quiet
	log    *slog.Logger
	// Changed is called after every change of the state. It is set before the first Set, and must not block.
	Changed func()

	setting sync.Mutex // one Set at a time
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	now    Health
	metric json.RawMessage
	at     time.Time // of metric
}

// New makes a runner that does nothing yet.
func New(action Action, quiet Quiet, log *slog.Logger) *Runner {
	return &Runner{action: action, quiet: quiet, log: log, now: Health{State: Disabled}, Changed: func() {}, cancel: func() {}}
}

// Set ends what runs and starts again with these settings; nil and not enabled are the same.
func (r *Runner) Set(ctx context.Context, check *api.HealthCheck, monitor *api.Monitor) {
	r.setting.Lock()
	defer r.setting.Unlock()
	r.cancel()
	r.running.Wait()
	ctx, r.cancel = context.WithCancel(ctx)
	state := Disabled
	if check != nil && check.Enable && check.CheckCmd != "" {
		state = Unknown
	}
	r.become(state, "")
	r.mu.Lock()
	r.metric, r.at = nil, time.Time{}
	r.mu.Unlock()
	if state == Unknown {
		r.running.Go(func() { r.checks(ctx, withDefaults(*check)) })
	}
	if monitor != nil && monitor.Enable && monitor.Cmd != "" {
		r.running.Go(func() { r.monitor(ctx, monitor.Cmd) })
	}
}

// Stop ends everything and waits for it.
func (r *Runner) Stop() { r.Set(context.Background(), nil, nil) }

// State is the health in one word.
func (r *Runner) State() string { return r.Now().State }

// Now is the health.
func (r *Runner) Now() Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// Metrics is the newest object of the monitor command, nil without one.
func (r *Runner) Metrics() json.RawMessage {
	metric, _ := r.Measured()
	return metric
}

// Measured is the newest object of the monitor command and when it was printed.
func (r *Runner) Measured() (json.RawMessage, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.metric, r.at
}

// become takes over a state, and keeps its beginning while it stays.
func (r *Runner) become(state, reason string) {
	r.mu.Lock()
	was := r.now
	if was.State != state || was.Since.IsZero() {
		r.now.Since = time.Now()
	}
	r.now.State, r.now.Reason = state, reason
	now := r.now
	r.mu.Unlock()
	if now != was {
		r.Changed()
	}
}

func (r *Runner) checks(ctx context.Context, s api.HealthCheck) {
	c := counter{state: Unknown}
	every(ctx, time.Duration(s.IntervalSec)*time.Second, func() {
		resting := r.quiet(ctx)
		if resting == AllRest {
			c.rest()
			return
		}
		err := runShell(ctx, s.CheckCmd, time.Duration(s.TimeoutSec)*time.Second, nil)
		if err != nil {
			resting = r.quiet(ctx)
		}
		if ctx.Err() != nil || resting == AllRest {
			c.rest()
			return // ended from outside, or by an operation that began meanwhile: not the application's failure
		}
		before := c.state
		act := c.add(err == nil, time.Now(), s)
		if c.state != before {
			r.log.Info("health", "state", c.state, "error", err)
			r.become(c.state, reasonOf(c.state, err, s))
		}
		if act && s.ActionCmd != "" && resting == Awake {
			err := r.action(ctx, s.ActionCmd, s.ActionTimeoutSec)
			c.acted(time.Now(), s)
			r.log.Info("health check action", "error", err, "not again before", c.next)
		}
	})
}

// reasonOf says why a node became unhealthy. The check's output is left out: it may hold secrets.
func reasonOf(state string, err error, s api.HealthCheck) string {
	if state != Unhealthy || err == nil {
		return ""
	}
	why := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		why = fmt.Sprintf("no exit within %d s", s.TimeoutSec)
	}
	return fmt.Sprintf("the health check failed %d times in a row: %s", s.UnhealthyThreshold, why)
}

func (r *Runner) monitor(ctx context.Context, cmd string) {
	next := monitorSoon
	for pause(ctx, next) {
		out := &bounded{limit: monitorSize}
		err := runShell(ctx, cmd, monitorLimit, out)
		metric := json.RawMessage(nil)
		if err == nil {
			metric, err = oneObject(out.kept)
		}
		if err != nil && ctx.Err() == nil {
			r.log.Warn("monitor command", "error", err)
		}
		next = monitorEvery
		if err != nil {
			next = monitorSoon
		}
		r.mu.Lock()
		r.metric, r.at = metric, time.Now()
		if metric == nil {
			r.at = time.Time{}
		}
		r.mu.Unlock()
	}
}

// pause waits, and reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// oneObject checks that out is one JSON object.
func oneObject(out []byte) (json.RawMessage, error) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(out, &o); err != nil {
		return nil, err
	}
	return json.Marshal(o)
}

// every calls do after each interval, counted from the end of the call before, until ctx ends.
func every(ctx context.Context, interval time.Duration, do func()) {
	t := time.NewTimer(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			do()
			t.Reset(interval)
		}
	}
}
