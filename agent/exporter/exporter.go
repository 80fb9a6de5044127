package exporter

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Now is what the agent knows at one moment.
type Now struct {
	Status api.Status
	Role   string
	Items  []api.MonitorItem
	// Measured is when the monitor command printed Status.Monitor; zero: it is off or fails.
	Measured time.Time
	Monitors bool // the monitor command is to run
}

// Exporter serves one node.
type Exporter struct {
	now  func() Now
	node node
}

// New serves what now returns, and the machine's metrics from proc and sys ("/proc", "/sys").
func New(now func() Now, proc, sys string) (*Exporter, error) {
	n, err := newNode(proc, sys)
	return &Exporter{now, n}, err
}

// scrapesAtOnce bounds what readers can cost the node: the metrics of its processes are read for each.
const scrapesAtOnce = 2

// Serve answers on addr until ctx ends.
func (e *Exporter) Serve(ctx context.Context, addr string, log *slog.Logger) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fault.Wrap(err, fault.Unreachable, "listen for requests of metrics")
	}
	srv := &http.Server{
		Handler: e.handler(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		srv.Close()
	})
	err = srv.Serve(l)
	if !stop() {
		<-done
		return nil
	}
	return fault.Wrap(err, fault.Internal, "serve metrics on %s", addr)
}

func (e *Exporter) handler() http.Handler {
	slots := make(chan struct{}, scrapesAtOnce)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			http.Error(w, "too many requests at once", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = e.collect().write(w) // the reader is gone
	})
	return mux
}

func (e *Exporter) collect() exposition {
	s := exposition{}
	now := e.now()
	s.agent(now)
	s.items(now)
	e.node.collect(s)
	return s
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Healths are the states of a node's health.
var healths = []string{"healthy", "unhealthy", "unknown", "disabled"}

func (e exposition) agent(now Now) {
	st := now.Status
	e.gauge("drover_node_info", "The node, its role and the version of its agent; always 1", 1,
		"cluster", st.ClusterID, "node", st.NodeID, "role", now.Role, "version", st.Version)
	for _, state := range healths {
		e.gauge("drover_node_health", "Health of the application on the node; 1 for the state it has", truth(st.Health == state), "state", state)
	}
	e.gauge("drover_agent_consul_up", "1 when the agent reads its metadata from Consul", truth(st.ConsulOK))
	e.gauge("drover_agent_revision", "Revision of the metadata that the node applied last", float64(st.Revision))
	e.gauge("drover_agent_warnings", "Templates, reload commands and addresses that fail on the node", float64(len(st.Warnings)))
	e.gauge("drover_agent_commands_running", "Commands that run on the node", float64(len(st.Running)))
	if now.Monitors {
		e.gauge("drover_monitor_up", "1 when the last run of the package's monitor command printed a JSON object within 5 s", truth(!now.Measured.IsZero()))
	}
	if !now.Measured.IsZero() {
		e.gauge("drover_monitor_timestamp_seconds", "When the monitor command ran last with success, in seconds since 1970", float64(now.Measured.UnixMilli())/1000)
	}
}

// textLimit cuts the values of text items: they become labels.
const textLimit = 100

// items are the package's own metrics. A key of the object that is not an item, and a value that is not of its item's type,
// is not served.
func (e exposition) items(now Now) {
	var object map[string]json.RawMessage
	if len(now.Status.Monitor) == 0 || json.Unmarshal(now.Status.Monitor, &object) != nil {
		return
	}
	for _, item := range now.Items {
		raw, ok := object[item.Name]
		if !ok {
			continue
		}
		help := "Item " + item.Name + " of the package's monitor"
		if item.Text {
			if text, ok := textOf(raw); ok {
				e.gauge(item.Metric(), help+"; 1 for the value it has", 1, "value", text)
			}
			continue
		}
		v, ok := numberOf(raw)
		if !ok {
			continue
		}
		if item.Unit != "" {
			help += ", in " + item.Unit
		}
		if item.Scale != 0 {
			v *= item.Scale
		}
		if item.Counter {
			e.counter(item.Metric(), help, v)
		} else {
			e.gauge(item.Metric(), help, v)
		}
	}
}
