package metrics

import (
	"fmt"
	"slices"

	"drover/specs"
)

// Rules is a file of alert rules of Prometheus; JSON is YAML too, and so are its field names.
type Rules struct {
	Groups []RuleGroup `json:"groups" yaml:"groups"`
}

// RuleGroup is a group of rules that are evaluated together.
type RuleGroup struct {
	Name  string `json:"name" yaml:"name"`
	Rules []Rule `json:"rules" yaml:"rules"`
}

// Rule is one alert.
type Rule struct {
	Alert       string            `json:"alert" yaml:"alert"`
	Expr        string            `json:"expr" yaml:"expr"`
	For         string            `json:"for,omitempty" yaml:"for,omitempty"`
	Labels      map[string]string `json:"labels" yaml:"labels"`
	Annotations map[string]string `json:"annotations" yaml:"annotations"`
}

func alert(name, expr, wait, severity, summary string) Rule {
	return Rule{name, expr, wait, map[string]string{"severity": severity}, map[string]string{"summary": summary}}
}

// RulesOfDrover are the alerts of Drover itself.
func RulesOfDrover() Rules {
	return Rules{[]RuleGroup{{"drover", []Rule{
		alert("DroverWorkerDown", `up{job="drover"} == 0`, "1m", "critical", "worker {{ $labels.instance }} does not answer"),
		alert("DroverRecordsUnreadable", "drover_read_up == 0", "2m", "critical", "worker {{ $labels.instance }} cannot read the records: is Consul up?"),
		alert("DroverOperationHeld", "max by (operation) (drover_operations_held) > 0", "5m", "warning", "{{ $labels.operation }} waits for an operator: drover list --held"),
		alert("DroverOperationFailed", `increase(drover_operation_duration_seconds_count{outcome="failed"}[10m]) > 0`, "", "warning", "{{ $labels.operation }} failed: drover list"),
		alert("DroverClusterFailed", `max by (app, state) (drover_clusters{state=~"failed|upgrade_failed|unreadable"}) > 0`, "5m", "critical", "{{ $value }} clusters of {{ $labels.app }} are {{ $labels.state }}: drover list --state {{ $labels.state }}"),
		alert("DroverConcern", `max by (kind) (drover_concerns{kind=~"node-gone|node-unhealthy|backup-broken|healing-braked"}) > 0`, "5m", "warning", "{{ $value }} concerns of kind {{ $labels.kind }}: drover concerns"),
		alert("DroverOrphans", "max by (provider, kind) (drover_orphans) > 0", "1h", "warning", "{{ $value }} resources ({{ $labels.kind }}) are not released at {{ $labels.provider }}: drover orphans"),
		alert("DroverNodeDown", `up{job="drover-nodes"} == 0`, "1m", "critical", "the agent of {{ $labels.node_label }} of {{ $labels.cluster }} does not answer: drover doctor {{ $labels.cluster }}"),
		alert("DroverNodeUnhealthy", `drover_node_health{state="unhealthy"} == 1`, "1m", "critical", "{{ $labels.node_label }} of {{ $labels.cluster }} is unhealthy: drover doctor {{ $labels.cluster }}"),
		alert("DroverNodeWarnings", "drover_agent_warnings > 0", "10m", "warning", "templates or reload commands fail on {{ $labels.node_label }} of {{ $labels.cluster }}: drover status {{ $labels.cluster }}"),
		alert("DroverNodeDiskFull", "drover_node_disk_available_bytes / drover_node_disk_size_bytes < 0.1", "5m", "warning", "less than 10 % of {{ $labels.mount }} is available on {{ $labels.node_label }} of {{ $labels.cluster }}"),
	}}}}
}

// deviation is how far a value must be from its usual one, in standard deviations of a day.
const deviation = 4

// RulesOfPackage are the alerts of an application: its monitor fails, and an item that the package calls worth an alarm is
// far from its usual value. Packages name such items and no limit, so that the limit is the item's own last day; replace it
// by one of yours where you know it.
func RulesOfPackage(app string, roles []specs.Role) Rules {
	group := RuleGroup{Name: "drover-" + app, Rules: []Rule{}}
	seen := []string{}
	monitors := measuresOf(roles)
	for _, m := range monitors {
		for _, name := range m.Alarm {
			for _, item := range m.itemsOf(name) {
				if item.Text || slices.Contains(seen, item.Name) {
					continue
				}
				seen = append(seen, item.Name)
				value := fmt.Sprintf("%s{app=%q}", item.Metric(), app)
				if item.Counter {
					value = "rate(" + value + "[5m])"
				}
				day := value + "[1d]"
				if item.Counter {
					day = value + "[1d:5m]"
				}
				r := alert("DroverItemUnusual",
					fmt.Sprintf("abs(%s - avg_over_time(%s)) > %d * stddev_over_time(%s) > 0", value, day, deviation, day), "10m", "warning",
					item.Name+" of {{ $labels.node_label }} of {{ $labels.cluster }} is far from its average of one day")
				r.Labels["item"] = item.Name
				group.Rules = append(group.Rules, r)
			}
		}
	}
	if len(monitors) > 0 {
		group.Rules = append(group.Rules, alert("DroverMonitorFails", fmt.Sprintf("drover_monitor_up{app=%q} == 0", app), "5m", "warning",
			"the monitor command fails on {{ $labels.node_label }} of {{ $labels.cluster }}"))
	}
	return Rules{[]RuleGroup{group}}
}
