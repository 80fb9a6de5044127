package confd

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// benchKeys are those of a cluster with so many nodes, 22 each.
func benchKeys(nodes int) map[string]string {
	kv := map[string]string{}
	for i := range nodes {
		for field := range 22 {
			kv[fmt.Sprintf("/hosts/role%d/i-%08d/field%d", i%4, i, field)] = fmt.Sprint(i * field)
		}
	}
	return kv
}

const benchTemplate = `{{range $r := lsdir "/hosts"}}{{range $i := lsdir (printf "/hosts/%s" $r)}}
server {{$i}} {{getv (printf "/hosts/%s/%s/field1" $r $i)}}{{end}}{{end}}
all: {{join (getvs "/hosts/*/*/field2") ","}} {{getv "/hosts/role0/i-00000000/field3"}}
`

func benchmarkApply(b *testing.B, nodes, resources int, change bool) {
	n := newNode(b)
	for i := range resources {
		n.resource(fmt.Sprint(i), benchTemplate)
	}
	kv := benchKeys(nodes)
	if _, err := n.Apply(b.Context(), 0, kv); err != nil { // reads and compiles everything once
		b.Fatal(err)
	}
	b.ReportAllocs()
	defer reportCPU(b, cpuTime())
	for i := 0; b.Loop(); i++ {
		if change {
			kv["/hosts/role0/i-00000000/field3"] = fmt.Sprint("v", i)
		}
		r, err := n.Apply(b.Context(), int64(i), kv)
		if err != nil || len(r.Warnings) > 0 || (change && r.Changed != resources) {
			b.Fatal(r, err)
		}
	}
}

// reportCPU adds what the process used: wall time says little on a busy machine.
func reportCPU(b *testing.B, before time.Duration) {
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func cpuTime() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func BenchmarkApply22KeysOneTemplateChanged(b *testing.B)    { benchmarkApply(b, 1, 1, true) }
func BenchmarkApply22KeysOneTemplateUnchanged(b *testing.B)  { benchmarkApply(b, 1, 1, false) }
func BenchmarkApply4400KeysTenTemplatesChanged(b *testing.B) { benchmarkApply(b, 200, 10, true) }
func BenchmarkApply4400KeysOneTemplateChanged(b *testing.B)  { benchmarkApply(b, 200, 1, true) }

func BenchmarkTree4400Keys(b *testing.B) {
	kv := benchKeys(200)
	b.ReportAllocs()
	defer reportCPU(b, cpuTime())
	for b.Loop() {
		NewTree(kv)
	}
}

func BenchmarkTreeOf4400SortedPairs(b *testing.B) {
	pairs := NewTree(benchKeys(200)).pairs
	b.ReportAllocs()
	defer reportCPU(b, cpuTime())
	for b.Loop() {
		TreeOf(pairs)
	}
}

func BenchmarkGlob4400Keys(b *testing.B) {
	tree := NewTree(benchKeys(200))
	b.ReportAllocs()
	defer reportCPU(b, cpuTime())
	for b.Loop() {
		if found, _ := tree.match("/hosts/*/*/field2"); len(found) != 200 {
			b.Fatal(len(found))
		}
	}
}
