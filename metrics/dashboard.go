package metrics

import (
	"cmp"
	"fmt"
	"slices"

	agentapi "drover/agent/api"
	"drover/specs"
)

// Dashboard is a dashboard of Grafana, in its JSON model.
type Dashboard struct {
	UID           string     `json:"uid"`
	Title         string     `json:"title"`
	Tags          []string   `json:"tags"`
	SchemaVersion int        `json:"schemaVersion"`
	Editable      bool       `json:"editable"`
	Refresh       string     `json:"refresh"`
	Time          timeRange  `json:"time"`
	Templating    templating `json:"templating"`
	Panels        []Panel    `json:"panels"`
}

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type templating struct {
	List []variable `json:"list"`
}

type variable struct {
	Name       string      `json:"name"`
	Label      string      `json:"label,omitempty"`
	Type       string      `json:"type"`
	Query      string      `json:"query"`
	Datasource *datasource `json:"datasource,omitempty"`
	Refresh    int         `json:"refresh,omitempty"`
	IncludeAll bool        `json:"includeAll,omitempty"`
	Multi      bool        `json:"multi,omitempty"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Panel is a diagram of a dashboard.
type Panel struct {
	ID          int         `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	GridPos     gridPos     `json:"gridPos"`
	Datasource  datasource  `json:"datasource"`
	Targets     []Query     `json:"targets"`
	FieldConfig fieldConfig `json:"fieldConfig"`
}

type gridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Query is one expression of a panel.
type Query struct {
	RefID        string `json:"refId"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat,omitempty"`
}

type fieldConfig struct {
	Defaults fieldDefaults `json:"defaults"`
}

type fieldDefaults struct {
	Unit string `json:"unit,omitempty"`
}

// source is the variable by which a reader of a dashboard chooses a Prometheus.
var source = datasource{"prometheus", "${datasource}"}

func newDashboard(uid, title string, more ...variable) *Dashboard {
	d := &Dashboard{
		UID: uid, Title: title, Tags: []string{"drover"}, SchemaVersion: 39, Editable: true, Refresh: "30s", Time: timeRange{"now-1h", "now"},
		Panels: []Panel{},
	}
	d.Templating.List = append([]variable{{Name: "datasource", Type: "datasource", Query: "prometheus"}}, more...)
	return d
}

const (
	panelHeight = 8
	panelWidth  = 12 // of Grafana's 24 columns
)

// add appends a panel, two in a row.
func (d *Dashboard) add(title, unit string, queries ...Query) {
	n := len(d.Panels)
	for i := range queries {
		queries[i].RefID = string(rune('A' + i%26))
	}
	d.Panels = append(d.Panels, Panel{
		ID: n + 1, Type: "timeseries", Title: title, Datasource: source, Targets: queries,
		GridPos: gridPos{panelHeight, panelWidth, n % 2 * panelWidth, n / 2 * panelHeight}, FieldConfig: fieldConfig{fieldDefaults{unit}},
	})
}

// OfDrover is the dashboard of Drover itself.
func OfDrover() *Dashboard {
	d := newDashboard("drover", "Drover")
	d.add("Clusters by state", "", Query{Expr: "sum by (state) (max by (app, state) (drover_clusters))", LegendFormat: "{{state}}"})
	d.add("Nodes by health", "", Query{Expr: "max by (health) (drover_nodes)", LegendFormat: "{{health}}"})
	d.add("Operations running and held", "", Query{Expr: "sum(max by (operation) (drover_operations_running))", LegendFormat: "running"},
		Query{Expr: "sum(max by (operation) (drover_operations_held))", LegendFormat: "held"})
	d.add("Operations ended per hour", "", Query{Expr: "sum by (operation, outcome) (increase(drover_operation_duration_seconds_count[1h]))", LegendFormat: "{{operation}} {{outcome}}"})
	d.add("Duration of operations, 95th percentile", "s", quantile("drover_operation_duration_seconds", "operation"))
	d.add("Duration of commands, 95th percentile", "s", quantile("drover_command_duration_seconds", "service"))
	d.add("Duration of barriers, 95th percentile", "s", quantile("drover_barrier_duration_seconds", "outcome"))
	d.add("Orphans", "", Query{Expr: "max by (provider, kind) (drover_orphans)", LegendFormat: "{{provider}} {{kind}}"})
	d.add("Failed attempts of activities per minute", "", Query{Expr: "sum by (activity, type) (rate(drover_activity_failures_total[5m])) * 60", LegendFormat: "{{activity}} {{type}}"})
	return d
}

func quantile(metric, label string) Query {
	return Query{
		Expr:         fmt.Sprintf("histogram_quantile(0.95, sum by (le, %s) (rate(%s_bucket[30m])))", label, metric),
		LegendFormat: "{{" + label + "}}",
	}
}

// OfPackage is the dashboard of an application: what its monitors display, in their order, a group in one panel, and then
// the nodes' own figures.
func OfPackage(app string, roles []specs.Role) *Dashboard {
	d := newDashboard("drover-"+app, app+" (Drover)", variable{
		Name: "cluster", Label: "Cluster", Type: "query", Datasource: &source, Refresh: 2, Multi: true, IncludeAll: true,
		Query: fmt.Sprintf("label_values(drover_node_info{app=%q}, cluster)", app),
	})
	only := fmt.Sprintf(`{app=%q, cluster=~"$cluster"}`, app)
	shown := []string{}
	for _, m := range measuresOf(roles) {
		for _, name := range m.shown() {
			items := m.itemsOf(name)
			key := name + fmt.Sprint(items)
			if len(items) == 0 || slices.Contains(shown, key) {
				continue
			}
			shown = append(shown, key)
			var queries []Query
			for _, item := range items {
				queries = append(queries, query(item, m.Statistics[item.Name], only, len(items) > 1))
			}
			d.add(title(name, items), unitOf(items[0]), queries...)
		}
	}
	const legend = "{{cluster}} {{node_label}}"
	d.add("Health", "", Query{Expr: "drover_node_health" + `{state="healthy", app="` + app + `", cluster=~"$cluster"}`, LegendFormat: legend})
	d.add("Processor time of the nodes", "percentunit", Query{Expr: "rate(drover_node_cpu_seconds_total" + only + "[5m])", LegendFormat: legend})
	d.add("Memory of the nodes", "bytes", Query{Expr: "drover_node_memory_bytes" + only, LegendFormat: legend})
	d.add("Used disk space", "percentunit", Query{Expr: "drover_node_disk_used_bytes" + only + " / drover_node_disk_size_bytes" + only, LegendFormat: legend + " {{mount}}"})
	return d
}

// query shows an item as its statistics_type says.
func query(item agentapi.MonitorItem, statistics, only string, named bool) Query {
	metric := item.Metric() + only
	q := Query{Expr: metric, LegendFormat: "{{cluster}} {{node_label}}"}
	if named {
		q.LegendFormat += " " + item.Name
	}
	switch {
	case item.Text:
		q.LegendFormat += " {{value}}"
	case statistics == "delta":
		q.Expr = "increase(" + metric + "[5m])"
	case statistics == "rate":
		q.Expr = "rate(" + metric + "[5m])"
	case statistics == "min", statistics == "max", statistics == "avg":
		q.Expr = statistics + "_over_time(" + metric + "[5m])"
	case statistics == "median":
		q.Expr = "quantile_over_time(0.5, " + metric + "[5m])"
	}
	return q
}

func title(name string, items []agentapi.MonitorItem) string {
	if unit := items[0].Unit; unit != "" {
		return name + " (" + unit + ")"
	}
	return name
}

// unitOf is Grafana's name of a unit; "" shows plain numbers.
func unitOf(item agentapi.MonitorItem) string {
	return cmp.Or(map[string]string{
		"bytes": "bytes", "B": "bytes", "KB": "kbytes", "MB": "mbytes", "GB": "gbytes", "ms": "ms", "s": "s", "us": "µs", "%": "percent", "bps": "bps",
	}[item.Unit], "")
}
