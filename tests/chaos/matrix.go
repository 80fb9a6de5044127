package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"drover/workflows/api"
)

// Matrix has the remaining cases.
type Matrix struct {
	mu     sync.Mutex
	cases  []Case
	closed bool
}

// NewMatrix returns every case of the moments of operations.
func NewMatrix(known map[string]Known, wanted func(Case) bool) *Matrix {
	m := &Matrix{}
	// Kill by kill and not operation by operation, so that every life of a cluster has many deaths.
	for _, k := range kills {
		for _, o := range life {
			for _, at := range known[o.name].Moments {
				if c := (Case{o.name, k.name, at}); k.tries(at) && o.stands(&k, at) && wanted(c) {
					m.cases = append(m.cases, c)
				}
			}
		}
	}
	return m
}

// Len is the number of remaining cases.
func (m *Matrix) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.cases)
}

// Sample drops all but some cases, drawn by a seed; 0 drops none. They stay in their order.
func (m *Matrix) Sample(n int, seed uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n <= 0 || n >= len(m.cases) {
		return
	}
	drawn := rand.New(rand.NewPCG(seed, 0)).Perm(len(m.cases))[:n]
	slices.Sort(drawn)
	var kept []Case
	for _, i := range drawn {
		kept = append(kept, m.cases[i])
	}
	m.cases = kept
}

// Without drops the cases that passed before.
func (m *Matrix) Without(outcomes []Outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cases = slices.DeleteFunc(m.cases, func(c Case) bool {
		return slices.ContainsFunc(outcomes, func(o Outcome) bool { return o.Err == nil && o.Case.same(c) })
	})
}

// Close ends the distribution of cases. Cases that have begun continue, and their clusters complete their lives.
func (m *Matrix) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}

// open are the cases that can still be taken. The caller holds the lock.
func (m *Matrix) open() []Case {
	if m.closed {
		return nil
	}
	return m.cases
}

// over reports that no further case can be taken.
func (m *Matrix) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.open()) == 0
}

// take returns the next case of an operation.
func (m *Matrix) take(operation string) (Case, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, c := range m.open() {
		if c.Operation == operation {
			m.cases = slices.Delete(m.cases, i, i+1)
			return c, true
		}
	}
	return Case{}, false
}

// wants reports whether a life must include an operation: for its own cases, or as a precondition of other operations.
func (m *Matrix) wants(o operation) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return o.name == api.CreateCluster || o.name == api.DeleteCluster ||
		slices.ContainsFunc(m.open(), func(c Case) bool {
			within := named(c.Operation).within
			return c.Operation == o.name || c.Operation == o.pair || within != "" && (within == o.name || within == o.pair)
		})
}

// Moments runs the life of an undisturbed cluster, and returns the moments of the named operations and of those they need.
func (w *World) Moments(ctx context.Context, operations []string, report func(Outcome)) (map[string]Known, error) {
	all := &Matrix{}
	for _, name := range operations {
		all.cases = append(all.cases, Case{Operation: name})
	}
	known := map[string]Known{}
	c, err := w.newCluster()
	if err != nil {
		return nil, err
	}
	defer c.done()
	for _, o := range life {
		if !all.wants(o) {
			continue
		}
		out := c.perform(ctx, o, nil, Moment{})
		report(out)
		if out.Err != nil {
			return nil, errors.Join(fmt.Errorf("%s without any death: %w", o.name, out.Err), c.remove(ctx))
		}
		known[o.name] = Known{out.Moments, out.Ran}
	}
	return known, nil
}

// Live runs the lives of clusters one after the other, each with as many deaths as its operations have cases left, until
// there are none or the matrix is closed. When the context ends, the world is left unchanged: Close ends it.
func (w *World) Live(ctx context.Context, m *Matrix, report func(Outcome)) error {
	for !m.over() && ctx.Err() == nil {
		if err := w.live(ctx, m, report); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) live(ctx context.Context, m *Matrix, report func(Outcome)) error {
	c, err := w.newCluster()
	if err != nil {
		return err
	}
	defer c.done()
	must := map[string]bool{} // the second operation of a pair whose first one has run
	for _, o := range life {
		if !m.wants(o) && !must[o.name] {
			continue
		}
		var k *kill
		next, dies := m.take(o.name)
		if dies {
			k = killNamed(next.Kill)
		}
		must[o.pair] = true
		out := c.perform(ctx, o, k, next.Moment)
		if ctx.Err() != nil {
			return nil
		}
		if out.Err != nil {
			machines, err := c.keepLogs()
			out.Err = fmt.Errorf("%w; machines of %s: %s", errors.Join(out.Err, err), c.id, machines)
		}
		if dies || out.Err != nil {
			report(out)
		}
		if out.Err != nil {
			return c.remove(ctx)
		}
		if out.Answered == api.ResolveAbort {
			return nil // it is gone
		}
	}
	return nil
}

// remove deletes a cluster after a failed case, and restarts dead components.
func (c *cluster) remove(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, operationLimit)
	defer done()
	w := c.world
	w.relay.onEvent(nil)
	c.gates.decides(func(string, string) (int, bool) { return 0, true })
	for _, name := range []string{"temporal", "consul"} {
		if err := w.stack.StartServer(ctx, name); err != nil {
			return err
		}
	}
	if err := errors.Join(w.stack.KillWorker(), w.stack.StartWorker(ctx)); err != nil {
		return err
	}
	id := api.WorkflowID(c.id)
	_ = w.temporals.CancelWorkflow(ctx, id, "")
	_ = w.temporals.GetWorkflow(ctx, id, "").Get(ctx, nil)
	if all, err := w.machines.List(ctx, c.id); err != nil || len(all.Instances)+len(all.Volumes) == 0 {
		return err
	}
	if err := w.execute(ctx, id, api.DeleteCluster, api.DeleteClusterInput{Force: true}, nil); err != nil {
		return fmt.Errorf("delete %s after a failed case: %w", c.id, err)
	}
	return nil
}
