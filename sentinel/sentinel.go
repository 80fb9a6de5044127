package sentinel

import (
	"context"
	"log/slog"
	"time"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

const (
	// leaseName is the lease of the sentinel that works.
	leaseName = "sentinel"
	// renewEvery is how often a lease is renewed; one that has not changed for leaseFor is free, and a holder who could not renew
	// it for leaseLost stops before that.
	renewEvery = 4 * time.Second
	leaseFor   = 14 * time.Second
	leaseLost  = 10 * time.Second
	// roundEvery is how often reports are read. Agents report every 10 s and at every change.
	roundEvery = 2 * time.Second
	// roundWithin is how long one round may take.
	roundWithin = 10 * time.Second
)

// Store keeps reports, live parts of views, and the lease.
type Store interface {
	Beats(ctx context.Context) ([]metadata.Reported, error)
	DropBeats(ctx context.Context, old []metadata.Reported) error
	Lives(ctx context.Context) (map[string]metadata.Live, error)
	PutLive(ctx context.Context, l metadata.Live) error
	Lease(ctx context.Context, name string) (metadata.Lease, error)
	TakeLease(ctx context.Context, name string, l metadata.Lease, index uint64) (uint64, error)
	DropLease(ctx context.Context, name string, index uint64) error
}

// Views are the views of all clusters, followed while Run runs: a views.Watcher.
type Views interface {
	Run(ctx context.Context)
	All(ctx context.Context) ([]metadata.View, error)
}

// Options are what a sentinel works with.
type Options struct {
	Store Store
	// Views starts to follow the views of clusters.
	Views func() Views
	// Steps says where operations that run are, as far as they answer, by cluster.
	Steps func(ctx context.Context, running []metadata.View) map[string]metadata.LiveStep
	// Heal starts the operation that heals; Conflict: its cluster is busy.
	Heal func(ctx context.Context, act lifecycle.Act) error
	// Name is of this worker, for people who look at the lease.
	Name   string
	Now    func() time.Time
	Logger *slog.Logger
}

// Run works whenever this worker has the lease, until ctx ends.
func Run(ctx context.Context, o Options) {
	var seen lease
	for ctx.Err() == nil {
		index, err := seen.take(ctx, o)
		switch {
		case err != nil && ctx.Err() == nil:
			o.Logger.Warn("whether another worker watches the nodes is unknown", "error", err)
		case index > 0:
			o.Logger.Info("watching the nodes of all clusters")
			o.work(ctx, index)
			seen = lease{}
			continue
		}
		sleep(ctx, renewEvery)
	}
}

// lease is the lease as another holder left it, and when it was first seen so.
type lease struct {
	index uint64
	at    time.Time
}

// take takes the lease when it is free; index 0: it is not.
func (l *lease) take(ctx context.Context, o Options) (index uint64, err error) {
	now, err := o.Store.Lease(ctx, leaseName)
	if err != nil {
		return 0, err
	}
	if now.Index != 0 && (now.Index != l.index || o.Now().Sub(l.at) < leaseFor) {
		if now.Index != l.index {
			*l = lease{now.Index, o.Now()}
		}
		return 0, nil
	}
	index, err = o.Store.TakeLease(ctx, leaseName, o.lease(), now.Index)
	if fault.Is(err, fault.Conflict) {
		return 0, nil
	}
	return index, err
}

func (o Options) lease() metadata.Lease {
	return metadata.Lease{Holder: o.Name, At: o.Now().UTC().Format(time.RFC3339Nano)}
}

// work watches until the lease is lost or ctx ends.
func (o Options) work(ctx context.Context, index uint64) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	views := o.Views()
	go views.Run(working)
	w := &watch{Options: o, views: views}
	renewed := o.Now()
	for working.Err() == nil {
		if err := w.round(working); err != nil && working.Err() == nil {
			o.Logger.Warn("the health of nodes is not up to date", "error", err)
		}
		if o.Now().Sub(renewed) >= renewEvery {
			switch next, err := o.Store.TakeLease(working, leaseName, o.lease(), index); {
			case err == nil:
				index, renewed = next, o.Now()
			case fault.Is(err, fault.Conflict), o.Now().Sub(renewed) > leaseLost:
				o.Logger.Info("another worker watches the nodes, or may do so", "error", err)
				return
			}
		}
		sleep(working, roundEvery)
	}
	// The next worker need not wait.
	last, done := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
	defer done()
	if err := o.Store.DropLease(last, leaseName, index); err != nil {
		o.Logger.Info("the lease is left to expire", "error", err)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
