package fakeprovider

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"drover/fault"
)

// Rule says what happens to some calls. Empty fields match every call.
type Rule struct {
	Method  string // "CreateInstance"
	ID      string // instance, volume, vxnet; for List the cluster
	Cluster string // where the call or the thing it is about names one
	// Nth picks the n-th matching call, counted from 1 from the moment the rule is set; 0: every one.
	Nth int

	// Delay comes before anything happens; a cancelled context ends it.
	Delay time.Duration
	// Hold blocks the call until the channel is closed or the context cancelled.
	Hold <-chan struct{}
	// Fault is what the call returns, nil to let it continue.
	Fault *fault.Fault
	// When says how much of the effect the failing call has.
	When When
	// Steps, with When Half, is how many steps of the effect happen.
	Steps int
}

// When a failing call fails.
type When int

const (
	Before When = iota // nothing happened
	Half               // the provider died after some steps: a retry must finish, a delete must clear
	After              // everything happened and the answer got lost
)

// Call is one call as it happened.
type Call struct {
	Method  string
	ID      string
	Cluster string
	// Err is what it returned; nil while it runs and when it succeeded.
	Err   error
	Ended bool
}

type rule struct {
	Rule
	seen atomic.Int64
}

// On adds a rule. The first matching rule with a Fault decides; delays and holds of all matching rules apply.
func (p *Provider) On(r Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &rule{Rule: r})
}

// Clear removes all rules.
func (p *Provider) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// Calls in the order they began.
func (p *Provider) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Call(nil), p.calls...)
}

// Count of calls of a method; "" counts all.
func (p *Provider) Count(method string) int {
	n := 0
	for _, c := range p.Calls() {
		if method == "" || c.Method == method {
			n++
		}
	}
	return n
}

// errDied ends an effect half-way; the caller sees the rule's fault.
var errDied = errors.New("died")

// call runs one provider call: log, rules, effect. Calls on one id run one after the other. The effect holds the mutex
// and calls step between any two changes.
func (p *Provider) call(ctx context.Context, method, id, cluster string, effect func(step func() error) error) error {
	p.mu.Lock()
	at := len(p.calls)
	p.calls = append(p.calls, Call{Method: method, ID: id, Cluster: cluster})
	var mine []Rule
	for _, r := range p.rules {
		if r.matches(method, id, cluster) && (r.Nth == 0 || r.seen.Add(1) == int64(r.Nth)) {
			mine = append(mine, r.Rule)
		}
	}
	p.mu.Unlock()
	err := p.scripted(ctx, mine, id, effect)
	p.mu.Lock()
	p.calls[at].Err, p.calls[at].Ended = err, true
	p.mu.Unlock()
	return err
}

func (r *rule) matches(method, id, cluster string) bool {
	return (r.Method == "" || r.Method == method) && (r.ID == "" || r.ID == id) && (r.Cluster == "" || r.Cluster == cluster)
}

func (p *Provider) scripted(ctx context.Context, rules []Rule, id string, effect func(step func() error) error) error {
	var failing Rule
	for _, r := range rules {
		if err := pause(ctx, r); err != nil {
			return fault.Wrap(err, fault.Unreachable, "provider %s: gave up waiting", p.Name())
		}
		if failing.Fault == nil && r.Fault != nil {
			failing = r
		}
	}
	if failing.Fault != nil && failing.When == Before {
		return copyOf(failing.Fault)
	}
	release, err := p.take(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	left := failing.Steps
	step := func() error {
		if failing.Fault == nil || failing.When != Half {
			return nil
		}
		if left == 0 {
			return errDied
		}
		left--
		return nil
	}
	p.mu.Lock()
	err = effect(step)
	p.mu.Unlock()
	switch {
	case errors.Is(err, errDied):
		return copyOf(failing.Fault)
	case err != nil:
		return err
	case failing.Fault != nil && failing.When == After:
		return copyOf(failing.Fault)
	}
	return nil
}

// copyOf keeps callers that fill in the place of a fault from changing the rule.
func copyOf(f *fault.Fault) error {
	out := *f
	return &out
}

func pause(ctx context.Context, r Rule) error {
	if r.Delay > 0 {
		timer := time.NewTimer(r.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if r.Hold != nil {
		select {
		case <-r.Hold:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return context.Cause(ctx)
}

// take waits for other calls on the same id.
func (s *state) take(ctx context.Context, id string) (func(), error) {
	for {
		s.mu.Lock()
		other := s.busy[id]
		if other == nil {
			mine := make(chan struct{})
			s.busy[id] = mine
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				delete(s.busy, id)
				s.mu.Unlock()
				close(mine)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, fault.Wrap(context.Cause(ctx), fault.Unreachable, "another call on %s is in progress", id)
		}
	}
}
