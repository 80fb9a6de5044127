package fakeprovider

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/providers"
	"drover/providers/conformance"
)

var key = hostKey("a key that opens nothing")

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, capabilities := range map[string]*providers.Capabilities{
		"able":   nil,
		"unable": {Notes: []string{"nothing is enforced"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New(Options{Capabilities: capabilities, Addresses: 10_000, Memory: 4096, Disk: 10_000})
			conformance.Run(t, conformance.Harness{
				Open:  func(*testing.T) providers.Provider { return p },
				Image: "one", OtherImage: "two", NoSSH: true, Many: 50,
				Interrupted: func(t *testing.T, steps int) providers.Provider { return dying{p, steps} },
				Leftovers: func(context.Context) ([]string, error) {
					if left := p.Everything(); len(left.Instances)+len(left.Volumes)+len(left.Networks)+len(p.addresses) > 0 {
						return []string{fmt.Sprint(left, p.addresses)}, nil
					}
					return nil, nil
				},
			})
		})
	}
}

// dying lets each call die after some steps, by a rule for that very call.
type dying struct {
	*Provider
	steps int
}

func (d dying) rule(method, id string) {
	d.On(Rule{Method: method, ID: id, Nth: 1, When: Half, Steps: d.steps, Fault: fault.New(fault.Internal, "died")})
}

func (d dying) CreateInstance(ctx context.Context, s providers.InstanceSpec) (providers.Instance, error) {
	d.rule("CreateInstance", s.ID)
	return d.Provider.CreateInstance(ctx, s)
}

func (d dying) ReplaceImage(ctx context.Context, id string, s providers.InstanceSpec) (providers.Instance, error) {
	d.rule("ReplaceImage", s.ID)
	return d.Provider.ReplaceImage(ctx, id, s)
}

func (d dying) DeleteInstance(ctx context.Context, id string) error {
	d.rule("DeleteInstance", id)
	return d.Provider.DeleteInstance(ctx, id)
}

func spec(n int) providers.InstanceSpec {
	return providers.InstanceSpec{ID: fmt.Sprintf("i-%08d", n), Tags: providers.Tags{ClusterID: "cl-1"}, Image: "x", AuthorizedKey: key}
}

func TestNthCallFails(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	p.On(Rule{Method: "CreateInstance", Nth: 2, Fault: fault.New(fault.NoCapacity, "full")})
	for n, want := range []bool{true, false, true} {
		_, err := p.CreateInstance(t.Context(), spec(n))
		require.Equal(t, want, err == nil)
		if !want {
			require.True(t, fault.Is(err, fault.NoCapacity))
		}
	}
	require.Len(t, p.Everything().Instances, 2)
	calls := p.Calls()
	require.Len(t, calls, 3)
	require.Equal(t, "i-00000001", calls[1].ID)
	require.Equal(t, "cl-1", calls[1].Cluster)
	require.Error(t, calls[1].Err)
	require.Equal(t, 3, p.Count("CreateInstance"))
}

func TestLostAnswer(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	p.On(Rule{Method: "CreateInstance", Nth: 1, When: After, Fault: fault.New(fault.Unreachable, "connection lost")})
	got, err := p.CreateInstance(t.Context(), spec(1))
	require.True(t, fault.Is(err, fault.Unreachable))
	require.Empty(t, got)
	require.Len(t, p.Everything().Instances, 1, "the effect happened")
	got, err = p.CreateInstance(t.Context(), spec(1))
	require.NoError(t, err)
	require.Equal(t, p.Everything().Instances[0], got)
}

func TestDelayAndCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		p.On(Rule{Method: "CreateInstance", Delay: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := p.CreateInstance(ctx, spec(1))
		require.True(t, fault.Is(err, fault.Unreachable))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, p.Everything())
		begun := time.Now()
		_, err = p.CreateInstance(t.Context(), spec(1))
		require.NoError(t, err)
		require.Equal(t, time.Hour, time.Since(begun))
	})
}

func TestHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		open := make(chan struct{})
		p.On(Rule{Method: "DeleteInstance", Hold: open})
		_, err := p.CreateInstance(t.Context(), spec(1))
		require.NoError(t, err)
		done := make(chan error)
		go func() { done <- p.DeleteInstance(t.Context(), spec(1).ID) }()
		synctest.Wait()
		require.False(t, p.Calls()[1].Ended)
		require.Len(t, p.Everything().Instances, 1)
		close(open)
		require.NoError(t, <-done)
		require.Empty(t, p.Everything())
	})
}

func TestCrash(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	for n := range 2 {
		_, err := p.CreateInstance(t.Context(), spec(n))
		require.NoError(t, err)
		p.Crash(spec(n).ID, n == 1)
	}
	left := p.Everything().Instances
	require.Len(t, left, 1)
	require.Equal(t, providers.Off, left[0].State)
}

func TestThousandNodes(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	var all sync.WaitGroup
	for n := range 1000 {
		all.Go(func() {
			_, err := p.CreateInstance(t.Context(), spec(n))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	have, err := p.List(t.Context(), "cl-1")
	require.NoError(t, err)
	require.Len(t, have.Instances, 1000)
	seen := map[string]bool{}
	for _, i := range have.Instances {
		seen[i.IP] = true
	}
	require.Len(t, seen, 1000)
}
