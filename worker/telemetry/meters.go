package telemetry

import (
	"log/slog"
	"strings"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/metrics"
)

// Buckets, in seconds. Operations wait for machines and people, calls for networks.
var (
	bucketsOfOperations = []float64{1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400}
	bucketsOfSteps      = []float64{0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400}
	bucketsOfNodes      = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800}
	bucketsOfCalls      = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800}
)

// Meters count what a worker does. They are safe for concurrent use; nil ones count nothing.
type Meters struct {
	registry *prom.Registry
	provider *metric.MeterProvider
	handler  client.MetricsHandler

	commands, barriers *prom.HistogramVec
	failures           *prom.CounterVec
}

// NewMeters makes the meters of a worker of this version.
func NewMeters(version string, logger *slog.Logger) (*Meters, error) {
	m := &Meters{registry: prom.NewRegistry()}
	exporter, err := prometheus.New(prometheus.WithRegisterer(m.registry), prometheus.WithoutScopeInfo())
	if err != nil {
		return nil, err
	}
	service := resource.NewSchemaless(attribute.String("service.name", "drover-worker"), attribute.String("service.version", version))
	m.provider = metric.NewMeterProvider(metric.WithReader(exporter), metric.WithResource(service), metric.WithView(
		histogram("drover_operation_*", bucketsOfOperations, "operation", "outcome"),
		histogram("drover_step_*", bucketsOfSteps, "operation", "step", "outcome"),
		histogram("temporal_*", bucketsOfCalls),
		metric.NewView(metric.Instrument{Name: "drover_holds"}, metric.Stream{AttributeFilter: attribute.NewAllowKeysFilter("operation", "step")}),
	))
	m.handler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: m.provider.Meter("drover-worker"), UseMonotonicCounters: true,
		OnError: func(err error) { logger.Warn("a metric was not recorded", "error", err) },
	})
	m.commands = m.histograms("drover_command_duration_seconds", bucketsOfNodes)
	m.barriers = m.histograms("drover_barrier_duration_seconds", bucketsOfNodes)
	failures := listed("drover_activity_failures_total")
	m.failures = prom.NewCounterVec(prom.CounterOpts{Name: failures.Name, Help: failures.Help}, failures.Labels)
	info := listed("drover_worker_info")
	self := prom.NewGauge(prom.GaugeOpts{Name: info.Name, Help: info.Help, ConstLabels: prom.Labels{"version": version}})
	self.Set(1)
	m.registry.MustRegister(m.failures, self, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m, nil
}

// histogram gives the histograms of the SDK's handler buckets that fit, and only the labels that are named, if any: the
// SDK adds its own.
func histogram(name string, buckets []float64, labels ...string) metric.View {
	stream := metric.Stream{Aggregation: metric.AggregationExplicitBucketHistogram{Boundaries: buckets}}
	if len(labels) > 0 {
		keys := make([]attribute.Key, len(labels))
		for i, l := range labels {
			keys[i] = attribute.Key(l)
		}
		stream.AttributeFilter = attribute.NewAllowKeysFilter(keys...)
	}
	return metric.NewView(metric.Instrument{Name: name, Kind: metric.InstrumentKindHistogram}, stream)
}

func (m *Meters) histograms(name string, buckets []float64) *prom.HistogramVec {
	l := listed(name)
	h := prom.NewHistogramVec(prom.HistogramOpts{Name: l.Name, Help: l.Help, Buckets: buckets}, l.Labels)
	m.registry.MustRegister(h)
	return h
}

// listed is a metric of the list. All that are served are in it: a test compares.
func listed(name string) metrics.Metric {
	for _, list := range [][]metrics.Metric{metrics.Worker, metrics.Installation} {
		for _, l := range list {
			if l.Name == name {
				return l
			}
		}
	}
	panic("telemetry: " + name + " is not in the list of package metrics")
}

// Handler takes the metrics of the SDK and of workflows.
func (m *Meters) Handler() client.MetricsHandler { return m.handler }

// Command counts a command that ended on a node. label is the command's: the node, and behind it the service.
func (m *Meters) Command(label string, st agentapi.CommandStatus) {
	outcome := st.Outcome()
	if m == nil || outcome == agentapi.OutcomeOpen {
		return // another attempt hears its end
	}
	service := label[strings.LastIndex(label, " ")+1:]
	began, err := time.Parse(time.RFC3339Nano, st.StartedAt)
	if err != nil {
		return
	}
	ended, err := time.Parse(time.RFC3339Nano, st.EndedAt)
	if err != nil {
		ended = began // lost with its result
	}
	m.commands.WithLabelValues(service, string(outcome)).Observe(ended.Sub(began).Seconds())
}

// Barrier counts how long a node took to apply a revision.
func (m *Meters) Barrier(took time.Duration, err error) {
	if m == nil {
		return
	}
	outcome := "applied"
	if err != nil {
		outcome = "failed"
	}
	m.barriers.WithLabelValues(outcome).Observe(took.Seconds())
}

// Failed counts a failed attempt of an activity.
func (m *Meters) Failed(activity string, kind fault.Type) {
	m.failures.WithLabelValues(activity, string(kind)).Inc()
}
