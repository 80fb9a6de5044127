package sentinel

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/pack"
	"drover/metadata/reader"
	"drover/metadata/store"
	"drover/metadata/views"
	"drover/tests/stack/consultest"
)

// BenchmarkThousandNodes is the steady cost of 1,000 nodes that report every 10 s: percent of a core for Consul, with its data on
// disk, and for the rounds of the sentinel.
func BenchmarkThousandNodes(b *testing.B) {
	const nodes, observed = 1000, 30 * time.Second
	server := consultest.StartServer(b, "")
	s := store.New(server.Client, "")
	rec := &lifecycle.Record{ClusterID: "cl-a", State: lifecycle.Active, Operation: lifecycle.Operation{RunID: "r"}}
	for i := range nodes {
		rec.Nodes = append(rec.Nodes, lifecycle.Node{ID: fmt.Sprintf("cln-%08d", i), Role: "a", SID: i + 1, IP: fmt.Sprintf("10.0.%d.%d", i/256, i%256)})
	}
	_, err := s.PutRecord(b.Context(), rec, 0)
	require.NoError(b, err)
	require.NoError(b, s.Publish(b.Context(), "cl-a", 1, "r", metadata.Tree{"self/cluster/cluster_id": "cl-a"}))
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	r := reader.New(reader.Options{Addr: server.Addr})
	var agents sync.WaitGroup
	for _, n := range rec.Nodes {
		agents.Go(func() {
			pause := rand.N(10 * time.Second)
			for {
				sleep(ctx, pause)
				if ctx.Err() != nil {
					return
				}
				_ = r.Beat(ctx, "cl-a", n.ID, pack.Beat{At: time.Now().Format(time.RFC3339Nano), Health: "healthy", Since: "2026-01-01T00:00:00Z", Revision: 1, Version: "bench"})
				pause = 10 * time.Second
			}
		})
	}
	w := watcherOf(server, s)
	go w.views.Run(ctx)
	sleep(ctx, 12*time.Second)
	require.NoError(b, w.round(ctx))
	consul, began, rounds := ticks(b, server.Pid()), time.Now(), 0
	for time.Since(began) < observed {
		require.NoError(b, w.round(ctx))
		rounds++
		sleep(ctx, roundEvery)
	}
	b.ReportMetric(percent(ticks(b, server.Pid())-consul, time.Since(began)), "%core-consul")
	require.Equal(b, nodes, w.lives["cl-a"].Health().Healthy)
	stop()
	agents.Wait()
	before := ownCPU(b)
	quiet := time.Now()
	for range rounds {
		require.NoError(b, w.round(b.Context()))
	}
	b.ReportMetric(100*float64(ownCPU(b)-before)/float64(observed), "%core-sentinel")
	b.ReportMetric(float64(time.Since(quiet).Milliseconds())/float64(rounds), "ms/round")
}

func watcherOf(server *consultest.Server, s *store.Store) *watch {
	v := views.NewWatcher(server.Client, "drover", nil)
	return &watch{views: v, Options: Options{
		Store: s, Now: time.Now, Logger: slog.New(slog.DiscardHandler), Heal: func(context.Context, lifecycle.Act) error { return nil },
		Steps: func(context.Context, []metadata.View) map[string]metadata.LiveStep { return nil },
	}}
}

// ticks is the processor time of a process, in hundredths of a second.
func ticks(b *testing.B, pid int) int {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	return user + system
}

func percent(ticks int, d time.Duration) float64 { return float64(ticks) / d.Seconds() }

func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
