package telemetry

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"

	"drover/lifecycle"
	"drover/metadata"
	"drover/metrics"
	"drover/workflows/api"
)

// Source is where the metrics of the installation are read.
type Source struct {
	Records func(context.Context, func(*lifecycle.Record) error) error
	Orphans func(context.Context) ([]lifecycle.Orphan, error)
	// Progress asks a running operation where it is.
	Progress func(ctx context.Context, clusterID string) (api.Progress, error)
	// Concerns are what needs attention.
	Concerns func(context.Context) ([]lifecycle.Concern, error)
	// Lives is what is known of all clusters at this moment.
	Lives func(context.Context) (map[string]metadata.Live, error)
}

const (
	// readWithin is how long one reading may take, below the time limit of a scrape.
	readWithin = 8 * time.Second
	// readEvery is the least time between two readings, however often they are asked for.
	readEvery = 10 * time.Second
	// askAtOnce is how many operations are asked for their progress at the same time.
	askAtOnce = 8
)

// installation is a collector over a Source.
type installation struct {
	source Source
	log    *slog.Logger

	mu   sync.Mutex
	read time.Time
	last []prom.Metric
}

// Installation serves the metrics that are read from the records.
func (m *Meters) Installation(s Source, log *slog.Logger) {
	m.registry.MustRegister(&installation{source: s, log: log})
}

// Describe is part of prom.Collector.
func (i *installation) Describe(out chan<- *prom.Desc) {
	for _, l := range metrics.Installation {
		out <- describe(l.Name)
	}
}

func describe(name string) *prom.Desc {
	l := listed(name)
	return prom.NewDesc(l.Name, l.Help, l.Labels, nil)
}

// Collect is part of prom.Collector.
func (i *installation) Collect(out chan<- prom.Metric) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if time.Since(i.read) >= readEvery {
		ctx, stop := context.WithTimeout(context.Background(), readWithin)
		defer stop()
		var up float64
		c, err := i.count(ctx)
		if err == nil {
			up, i.last = 1, c.metrics()
		} else {
			i.log.Warn("the metrics of the installation cannot be read", "error", err)
			i.last = nil
		}
		i.last = append(i.last, prom.MustNewConstMetric(describe("drover_read_up"), prom.GaugeValue, up))
		i.read = time.Now()
	}
	for _, m := range i.last {
		out <- m
	}
}

// counts are gauges by name and label values.
type counts map[string]map[[3]string]float64

func (c counts) add(name string, labels ...string) {
	if c[name] == nil {
		c[name] = map[[3]string]float64{}
	}
	var key [3]string
	copy(key[:], labels)
	c[name][key]++
}

func (c counts) metrics() []prom.Metric {
	var out []prom.Metric
	for name, values := range c {
		n := len(listed(name).Labels)
		for labels, v := range values {
			out = append(out, prom.MustNewConstMetric(describe(name), prom.GaugeValue, v, labels[:n]...))
		}
	}
	return out
}

func (i *installation) count(ctx context.Context) (counts, error) {
	orphans, err := i.source.Orphans(ctx)
	if err != nil {
		return nil, err
	}
	lives, err := i.source.Lives(ctx)
	if err != nil {
		return nil, err
	}
	concerns, err := i.source.Concerns(ctx)
	if err != nil {
		return nil, err
	}
	c := counts{}
	for _, x := range concerns {
		c.add("drover_concerns", x.Kind)
	}
	for _, o := range orphans {
		c.add("drover_orphans", o.Provider, o.Kind)
	}
	var open []*lifecycle.Record
	if err := i.source.Records(ctx, func(rec *lifecycle.Record) error {
		c.add("drover_clusters", rec.AppID, string(rec.State))
		if rec.Operation.State == api.OpRunning {
			open = append(open, &lifecycle.Record{ClusterID: rec.ClusterID, Operation: rec.Operation})
		}
		for _, health := range healthOf(rec, lives[rec.ClusterID]) {
			c.add("drover_nodes", health)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, p := range i.progress(ctx, open) {
		c.add("drover_operations_running", p.Operation)
		if p.State == api.OpHeld {
			c.add("drover_operations_held", p.Operation)
		}
		for _, steps := range [][]api.Step{p.Steps, p.Undo} {
			for _, s := range steps {
				if s.State == api.StepRunning || s.State == api.StepHeld {
					c.add("drover_steps_waiting", p.Operation, s.ID, s.State)
				}
			}
		}
	}
	return c, nil
}

// healthOf is the health of the cluster's nodes, in their order.
func healthOf(rec *lifecycle.Record, live metadata.Live) []string {
	known := make(map[string]string, len(live.Nodes))
	for _, n := range live.Nodes {
		known[n.NodeID] = n.Health
	}
	out := make([]string, len(rec.Nodes))
	for i, n := range rec.Nodes {
		out[i] = cmp.Or(known[n.ID], lifecycle.HealthUnknown)
	}
	return out
}

// progress asks the operations that records call running. One that does not answer counts as the record says.
func (i *installation) progress(ctx context.Context, open []*lifecycle.Record) []api.Progress {
	out := make([]api.Progress, len(open))
	var asking sync.WaitGroup
	slots := make(chan struct{}, askAtOnce)
	for n, rec := range open {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			p, err := i.source.Progress(ctx, rec.ClusterID)
			if err != nil {
				p = api.Progress{ClusterID: rec.ClusterID, Operation: rec.Operation.Type, State: api.OpRunning}
			}
			out[n] = p
		})
	}
	asking.Wait()
	return out
}
