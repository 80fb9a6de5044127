package store_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/metadata"
	"drover/metadata/pack"
	"drover/metadata/reader"
	"drover/tests/stack/consultest"
)

// serverCPU is the processor time the Consul server has used so far (Linux counts in hundredths of a second).
func serverCPU(b *testing.B) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", consultest.Shared(b).Pid()))
	require.NoError(b, err)
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func reportServerCPU(b *testing.B, before time.Duration, calls int) {
	b.ReportMetric(float64((serverCPU(b)-before).Microseconds())/float64(calls), "server-µs/op")
}

// BenchmarkPublish registers a whole cluster, and then one more node.
func BenchmarkPublish(b *testing.B) {
	for _, nodes := range []int{10, 200, 1000} {
		whole, more := build(b, record(nodes)), build(b, record(nodes+1))
		b.Run(fmt.Sprintf("register/%d", nodes), func(b *testing.B) {
			p := start(b)
			before := serverCPU(b)
			for b.Loop() {
				require.NoError(b, p.publish(b, clusterID, 1, "w", whole))
				b.StopTimer()
				require.NoError(b, p.forget(b, clusterID))
				b.StartTimer()
			}
			reportServerCPU(b, before, b.N)
		})
		b.Run(fmt.Sprintf("one-more/%d", nodes), func(b *testing.B) {
			p := start(b)
			require.NoError(b, p.publish(b, clusterID, 1, "w", whole))
			trees := []metadata.Tree{whole, more}
			rev := int64(1)
			before := serverCPU(b)
			for b.Loop() {
				rev++
				require.NoError(b, p.publish(b, clusterID, rev, "w", trees[(rev+1)%2]))
			}
			reportServerCPU(b, before, b.N)
			require.NoError(b, p.forget(b, clusterID))
		})
	}
}

// BenchmarkSnapshot is what one agent pays for 200 nodes (over 4,200 keys).
func BenchmarkSnapshot(b *testing.B) {
	p := start(b)
	require.NoError(b, p.publish(b, clusterID, 1, "w", build(b, record(200))))
	self := reader.Self{Role: role, InstanceID: node(7).InstanceID}
	read := func(b *testing.B, r *reader.Reader) *reader.Snapshot {
		s, err := r.Snapshot(b.Context(), clusterID)
		require.NoError(b, err)
		return s
	}
	cold := func(b *testing.B) {
		r := p.reader()
		before := serverCPU(b)
		b.ReportAllocs()
		for b.Loop() {
			r.Forget()
			require.NotEmpty(b, read(b, r).View(self))
		}
		reportServerCPU(b, before, b.N)
	}
	b.Run("packed", cold)
	b.Run("unchanged", func(b *testing.B) {
		r := p.reader()
		read(b, r)
		b.ReportAllocs()
		for b.Loop() {
			read(b, r)
		}
	})
	b.Run("view-only", func(b *testing.B) {
		s := read(b, p.reader())
		b.ReportAllocs()
		for b.Loop() {
			s.View(self)
		}
	})
	_, client := consultest.Start(b)
	for _, key := range []string{pack.FullKey, pack.RecentKey} {
		_, err := client.KV().Delete(p.prefix+"/clusters/"+clusterID+"/"+key, nil)
		require.NoError(b, err)
	}
	b.Run("documented-keys", cold)
}

// BenchmarkWake has many agents wait, adds one node, and takes the time from the start of the publish until each has
// the new view. All agents live in this process.
func BenchmarkWake(b *testing.B) {
	for _, agents := range []int{1, 100, 200} {
		b.Run(strconv.Itoa(agents), func(b *testing.B) { wake(b, agents) })
	}
}

func wake(b *testing.B, agents int) {
	p := start(b)
	whole, more := build(b, record(agents)), build(b, record(agents+1))
	require.NoError(b, p.publish(b, clusterID, 1, "w", whole))
	trees := []metadata.Tree{whole, more}

	ctx, cancel := context.WithCancel(b.Context())
	var done sync.WaitGroup
	got := make(chan time.Time, agents)
	for i := range agents {
		self := reader.Self{Role: role, InstanceID: node(i).InstanceID}
		done.Go(func() {
			r := p.reader()
			rev := int64(0)
			for {
				next, err := r.WaitRevision(ctx, clusterID, rev)
				if err != nil {
					return
				}
				s, err := r.Snapshot(ctx, clusterID)
				if err != nil {
					b.Errorf("agent %d: %v", i, err)
					return
				}
				s.View(self)
				rev = next
				got <- time.Now()
			}
		})
	}
	wait := func() (all []time.Time) {
		for range agents {
			all = append(all, <-got)
		}
		return all
	}
	wait()
	var took []time.Duration
	rev := int64(1)
	before := serverCPU(b)
	for b.Loop() {
		rev++
		begin := time.Now()
		require.NoError(b, p.publish(b, clusterID, rev, "w", trees[(rev+1)%2]))
		for _, t := range wait() {
			took = append(took, t.Sub(begin))
		}
	}
	reportServerCPU(b, before, b.N)
	cancel()
	done.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	require.NoError(b, p.forget(b, clusterID))
}
