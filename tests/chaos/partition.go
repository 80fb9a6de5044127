package chaos

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"time"
)

// nodeConsul is the address of Consul that only nodes use.
const nodeConsul = "127.0.0.2"

func needsCuts(*World) string {
	if err := canCut(); err != nil {
		return fmt.Sprintf("it needs root and the kernel's packet filter: %v", err)
	}
	return ""
}

// cutWorkerNode cuts the SSH connections of one node, and prevents new ones.
func cutWorkerNode(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
	victim, err := w.victim(ctx, c)
	if err != nil || victim.ID == "" {
		return nothing, err
	}
	return w.partition(victim.SSH.Addr)
}

// patience is longer than the worker's limit for a node that does not answer.
const patience = 5*time.Minute + 30*time.Second

// loseNode disconnects a node for longer than any time limit of an operation: the operation is held, and continues after
// the operator's answer.
func loseNode(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
	victim, err := w.victim(ctx, c)
	if err != nil || victim.ID == "" {
		return nothing, err
	}
	return partition(victim.SSH.Addr, patience)
}

func cutWorkerConsul(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
	at, err := url.Parse(w.stack.ConsulURL)
	if err != nil {
		return nil, err
	}
	return w.partition(at.Host)
}

// cutNodeConsul cuts the connections of all nodes to Consul.
func cutNodeConsul(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
	at, err := url.Parse(w.stack.ConsulURL)
	if err != nil {
		return nil, err
	}
	return w.partition(nodeConsul + ":" + at.Port())
}

func cutWorkerTemporal(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
	return w.partition(w.relay.address)
}

// partition cuts the connections to an address for the duration of the world's partitions.
func (w *World) partition(address string) (func(context.Context) error, error) {
	return partition(address, w.Partition)
}

func partition(address string, length time.Duration) (func(context.Context) error, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	mend, err := cut(to)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		// The cut ends also when nothing waits for its end.
		_ = sleep(ctx, length)
		return mend()
	}, nil
}
