package chaos

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"time"
)

// nodeConsul is where nodes reach Consul, and nobody else.
const nodeConsul = "127.0.0.2"

func needsCuts(*World) string {
	if err := canCut(); err != nil {
		return fmt.Sprintf("it needs root and the kernel's packet filter: %v", err)
	}
	return ""
}

// cutWorkerNode cuts the SSH connections of one node, and lets nobody make new ones.
func cutWorkerNode(ctx context.Context, w *World, c *cluster) (func(context.Context) error, error) {
	victim, err := w.victim(ctx, c)
	if err != nil || victim.ID == "" {
		return nothing, err
	}
	return w.partition(victim.SSH.Addr)
}

// patience is longer than the worker waits for a node that does not answer.
const patience = 5*time.Minute + 30*time.Second

// loseNode cuts a node off for longer than any time limit of an operation: it is held, and goes on at the operator's word.
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

// cutNodeConsul cuts all nodes off.
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

// partition cuts an address off for as long as the world's partitions last.
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
		// Mended also when nobody waits for the end of it any more.
		_ = sleep(ctx, length)
		return mend()
	}, nil
}
